"""Programs behind every figure that the documents show; `benchmarks/README.md` lists them."""
