"""The original's model and its four loss terms, in PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

BLOCKS = ("signal", "noise", "bias")


def _mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


class TriEncoder(nn.Module):
    """Encode each time step into a signal, a noise and a bias latent."""

    def __init__(self, n_vars: int, hidden: int, latent: int) -> None:
        super().__init__()
        for block in BLOCKS:
            self.add_module(f"{block}_encoder", _mlp(n_vars, hidden, latent))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [encoder(x) for encoder in self.children()]


class StructureLearner(nn.Module):
    """Keep the largest tenth of a free matrix, through a sigmoid; the rest is 0."""

    def __init__(self, n_vars: int) -> None:
        super().__init__()
        self.A_base = nn.Parameter(0.1 * torch.randn(n_vars, n_vars))
        self.kept = max(1, int(0.1 * n_vars * n_vars))

    def forward(self) -> Tensor:
        flat = self.A_base.view(-1)
        values, places = flat.topk(self.kept, sorted=False)
        return torch.zeros_like(flat).scatter(0, places, values.sigmoid()).view_as(self.A_base)


class RCGNN(nn.Module):
    """Reconstruct a window from its latents; the adjacency is learned beside it, unread."""

    def __init__(self, n_vars: int, hidden: int = 32, latent: int = 16) -> None:
        super().__init__()
        self.tri_encoder = TriEncoder(n_vars, hidden, latent)
        self.structure_learner = StructureLearner(n_vars)
        self.decoder = _mlp(3 * latent, hidden, n_vars)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        latents = self.tri_encoder(x)
        decoded = self.decoder(torch.cat(latents, -1))
        return torch.where(mask > 0, decoded, x), self.structure_learner(), latents


def reconstruction(prediction: Tensor, x: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over all entries of `((prediction - x) mask)^2`."""
    return ((prediction - x) * mask).square().mean()


def acyclicity(adjacency: Tensor) -> Tensor:
    """Return `relu(tr((I + A / d)^3) - d)`."""
    n_vars = adjacency.shape[0]
    step = torch.eye(n_vars) + adjacency / n_vars
    return torch.relu(torch.trace(step @ step @ step) - n_vars)


def disentanglement(latents: list[Tensor]) -> Tensor:
    """Return the mean absolute correlation of each stacked pair of blocks, summed over pairs."""
    flat = [latent.flatten(0, -2) for latent in latents]
    blocks = [(z - z.mean(0)) / (z.std(0) + 1e-8) for z in flat]
    total = torch.zeros(())
    for first, second in ((0, 1), (0, 2), (1, 2)):
        pair = torch.cat([blocks[first], blocks[second]], 1)
        total = total + torch.corrcoef(pair.T).abs().mean()
    return total


def loss_terms(model: RCGNN, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the four unweighted terms of one batch, in the order of `COMPONENTS`, and A."""
    prediction, adjacency, latents = model(x, mask)
    terms = (
        reconstruction(prediction, x, mask),
        adjacency.abs().mean(),
        acyclicity(adjacency),
        disentanglement(latents),
    )
    return torch.stack(terms), adjacency
