"""The looks and the script of the page of a result: plain CSS and JavaScript, nothing is loaded from anywhere."""

from __future__ import annotations

CSS = """
:root{--ink:#1f2933;--soft:#66727f;--line:#d9dee4;--back:#fff;--box:#f4f6f8;--plus:#2563a8;--minus:#c2571a;
--bad:#b3261e;--warn:#9a5b00;--mark:#ffe9a8}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#9aa5b1;--line:#38424d;--back:#14181d;--box:#1f262e;
--plus:#7db4ee;--minus:#f0a06a;--bad:#ff8a80;--warn:#ffc266;--mark:#5b4a12}}
*{box-sizing:border-box}body{margin:0 auto;max-width:1180px;padding:28px 24px 60px;background:var(--back);
overflow-wrap:anywhere;color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:30px 0 8px}p{margin:6px 0}.soft{color:var(--soft)}
.lead{font-size:17px;max-width:62em}ul{padding-left:1.2em;margin:6px 0}li{margin:5px 0}
.why{color:var(--soft);font-size:13px}.error b{color:var(--bad)}.warning b{color:var(--warn)}
.controls{display:flex;gap:14px;align-items:center;flex-wrap:wrap;margin:6px 0}
.controls input{width:240px;accent-color:var(--plus)}
button,select{font:inherit;font-size:13px;color:var(--ink);background:var(--box);border:1px solid var(--line);
border-radius:5px;padding:2px 9px;cursor:pointer;max-width:240px}button.link{border:0;background:none;padding:0;
color:var(--plus);max-width:none;font-size:inherit}
.canvas{border:1px solid var(--line);border-radius:8px;overflow:auto;max-height:760px;background:var(--back);
cursor:grab}
svg{display:block;margin:0 auto;max-width:none}svg .edge{fill:none}svg .edge.plus{stroke:var(--plus)}
svg .edge.minus{stroke:var(--minus)}
svg .edge.unsigned{stroke:var(--soft)}marker path.plus{fill:var(--plus)}marker path.minus{fill:var(--minus)}
marker path.unsigned{fill:var(--soft)}
svg .edge.open{stroke-dasharray:7 5}svg .edge.doubtful{stroke-dasharray:2 4}
svg rect{fill:var(--box);stroke:var(--line)}svg text{fill:var(--ink);font-size:12px;text-anchor:middle}
.node{cursor:pointer}.node:focus{outline:none}.node:focus rect,.node.on rect{stroke:var(--plus);stroke-width:2}
.edge:hover{stroke-opacity:1}.faint{opacity:.12}.gone{display:none}
#about{min-height:3.1em}table{border-collapse:collapse;margin:4px 0 14px;font-size:14px}
th,td{text-align:right;padding:3px 14px 3px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{overflow-wrap:normal}th:first-child,td:first-child{text-align:left}.scroll{overflow:auto;max-height:640px}
.sensors td:not(:first-child){overflow-wrap:normal}
svg.spark{margin:0}svg.spark path{fill:none;stroke:var(--plus)}.sensors td:last-child{text-align:left;max-width:26em}
.sensors th:last-child{text-align:left}
details{border-top:1px solid var(--line);padding:8px 0}summary{cursor:pointer;font-weight:600}
code{font-size:13px}.key span{display:inline-block;width:26px;border-top:3px solid var(--plus);vertical-align:middle;
margin:0 6px 0 14px}.key .m{border-color:var(--minus)}.key .u{border-color:var(--soft)}
.key .o{border-top-style:dashed}.key .d{border-top-style:dotted}
@media print{body{max-width:none;padding:0;font-size:11px}.lead{font-size:13px}table,.why{font-size:10px}
.controls,#about{display:none}.canvas,.scroll{overflow:visible;max-height:none;border:0}
svg#graph{max-width:100%;height:auto}tr,li{break-inside:avoid}}
"""

SCRIPT = """
(function () {
  var edges = [].slice.call(document.querySelectorAll("path.edge"));
  var rows = [].slice.call(document.querySelectorAll("tr[data-p]"));
  var nodes = [].slice.call(document.querySelectorAll("g.node"));
  var slider = document.getElementById("least"), shown = document.getElementById("shown");
  var about = document.getElementById("about"), svg = document.getElementById("graph"), chosen = null;
  var moved = false;  // a dense graph is drawn in part at first, its tables are whole
  var sensor = document.getElementById("sensor");
  if (!svg) return;
  var canvas = svg.parentNode;
  function name(n) {
    var node = nodes.filter(function (g) { return g.dataset.n === n; })[0];
    return node.querySelector("title").textContent;
  }
  function draw() {
    var least = Number(slider.value), kept = 0;
    rows.forEach(function (row) { row.classList.toggle("gone", moved && Number(row.dataset.p) < least); });
    edges.forEach(function (edge) {
      var own = edge.dataset.c === chosen || edge.dataset.e === chosen;
      var gone = moved ? Number(edge.dataset.p) < least : "late" in edge.dataset && !own;
      edge.classList.toggle("gone", gone);
      edge.classList.toggle("faint", chosen !== null && !own);
      if (!gone) kept += 1;
    });
    var near = {};
    edges.forEach(function (edge) {
      if (edge.classList.contains("gone") || edge.classList.contains("faint")) return;
      near[edge.dataset.c] = near[edge.dataset.e] = true;
    });
    nodes.forEach(function (node) {
      node.classList.toggle("on", node.dataset.n === chosen);
      node.classList.toggle("faint", !near[node.dataset.n] && node.dataset.n !== chosen);
    });
    shown.textContent = least.toFixed(2) + ": " + kept + " of " + edges.length;
    tell();
  }
  function tell() {
    about.textContent = "Click a sensor to see what drives it and what it drives.";
    sensor.value = chosen === null ? "" : name(chosen);
    if (chosen === null) return;
    function listed(own, other) {
      var found = edges.filter(function (edge) {
        return edge.dataset[own] === chosen && !edge.classList.contains("gone");
      });
      if (!found.length) about.append("nothing");
      found.forEach(function (edge, place) {
        var button = document.createElement("button");
        button.className = "link";
        button.textContent = name(edge.dataset[other]);
        button.addEventListener("click", function () { show(edge.dataset[other]); });
        about.append(place ? ", " : "", button);
      });
    }
    about.textContent = name(chosen) + " is driven by ";
    listed("e", "c");
    about.append(". It drives ");
    listed("c", "e");
    about.append(".");
  }
  function choose(node) { chosen = chosen === node.dataset.n ? null : node.dataset.n; draw(); }
  function show(n) {
    chosen = n;
    draw();
    var box = nodes.filter(function (g) { return g.dataset.n === n; })[0].getBoundingClientRect();
    var frame = canvas.getBoundingClientRect();
    canvas.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
    canvas.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
  }
  nodes.forEach(function (node) {
    node.addEventListener("click", function () { choose(node); });
    node.addEventListener("keydown", function (event) {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(node); }
    });
  });
  slider.addEventListener("input", function () { moved = true; draw(); });
  var wide = svg.width.baseVal.value, high = svg.height.baseVal.value, scale = 1;
  function zoom(factor) {
    scale = Math.min(4, Math.max(0.05, scale * factor));
    svg.setAttribute("width", wide * scale);
    svg.setAttribute("height", high * scale);
  }
  document.getElementById("in").addEventListener("click", function () { zoom(1.25); });
  document.getElementById("out").addEventListener("click", function () { zoom(0.8); });
  function fit(least) {
    var room = Math.min(canvas.clientWidth / wide, 740 / high, 1);
    zoom(Math.max(room, least) / scale);
  }
  document.getElementById("fit").addEventListener("click", function () { fit(0); });
  sensor.addEventListener("change", function () {
    var found = nodes.filter(function (g) { return g.querySelector("title").textContent === sensor.value; });
    if (!found.length) { chosen = null; draw(); return; }
    if (scale < 0.7) zoom(0.7 / scale);
    show(found[0].dataset.n);
  });
  var from = null;
  canvas.addEventListener("pointerdown", function (event) { from = [event.clientX, event.clientY]; });
  window.addEventListener("pointerup", function () { from = null; });
  window.addEventListener("pointermove", function (event) {
    if (!from) return;
    canvas.scrollLeft += from[0] - event.clientX;
    canvas.scrollTop += from[1] - event.clientY;
    from = [event.clientX, event.clientY];
  });
  fit(0.62);
  draw();
})();
"""
