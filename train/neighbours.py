"""A start for the embeddings: which tokens stand near each other in the corpus, by counts and one SVD.

Positive pointwise mutual information, factorised, is what skip-gram with negative sampling approximates
(Levy and Goldberg 2014, Neural Word Embedding as Implicit Matrix Factorization).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.utils.extmath import randomized_svd

from train.corpus import Ids

WINDOW = 5  # tokens to each side; nearer ones count more
SMOOTHING = 0.75  # power of a neighbour's frequency, so that rare ones don't dominate
SCALE = 0.02  # standard deviation of BERT's random embeddings, which these replace
Floats = npt.NDArray[np.float32]


def neighbour_embeddings(ids: Ids, vocabulary: int, width: int, seed: int) -> Floats:
    """Embeddings of shape (vocabulary, width), rows of one length; of tokens that never occur, random ones."""
    information = _information(_counts(ids, vocabulary))
    left, strength, _ = randomized_svd(information, width, random_state=seed)
    found: Floats = (left * np.sqrt(strength)).astype(np.float32)
    rng = np.random.default_rng(seed)
    absent = ~found.any(1)
    found[absent] = rng.standard_normal((int(absent.sum()), width))
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / length * SCALE * np.sqrt(width), np.float32)


def log_frequencies(ids: Ids, vocabulary: int) -> Floats:
    """Logarithm of each token's share, one added to every count: where the bias of the output begins."""
    counts = np.bincount(ids, minlength=vocabulary) + 1.0
    return np.asarray(np.log(counts / counts.sum()), np.float32)


def _counts(ids: Ids, vocabulary: int) -> csr_matrix:
    """How often two tokens stand within the window, weighted by 1 / distance; symmetric."""
    total = csr_matrix((vocabulary, vocabulary), dtype=np.float64)
    for distance in range(1, WINDOW + 1):
        weights = np.full(len(ids) - distance, 1 / distance)
        total += coo_matrix((weights, (ids[:-distance], ids[distance:])), (vocabulary, vocabulary)).tocsr()
    return total + total.T


def _information(counts: csr_matrix) -> csr_matrix:
    """Positive pointwise mutual information of every pair that occurs."""
    pairs = counts.tocoo()
    row = np.asarray(counts.sum(1)).ravel()
    near = row**SMOOTHING
    score = np.log(pairs.data * near.sum() / (row[pairs.row] * near[pairs.col]))
    return csr_matrix((np.maximum(score, 0), (pairs.row, pairs.col)), counts.shape)
