"""The prefix cache: a radix tree over token ids for each namespace.

A node stands for a prefix and holds the tokens by which it is longer than its parent, so a lookup
compares each token once, however many entries there are. An entry ends at a node; its sequence
covers the whole path from the root, and the cells of the path's beginning are shared with the
entries of its neighbours. The tree knows neither jobs nor native code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from senryu.engine.llama.cache import Entry, Hit, Tokens, as_tokens, common_length
from senryu.engine.llama.slots import AuditError, Slots

__all__ = ["RadixCache"]


@dataclass(slots=True, eq=False)
class _Node:
    """A prefix: its parent's and then ``edge``. Every leaf but a root has an entry."""

    edge: Tokens
    parent: "_Node | None"
    depth: int
    children: "dict[int, _Node]" = field(default_factory=dict[int, "_Node"])
    entry: Entry | None = None


class RadixCache:
    """A ``PrefixCache``.

    Arguments:
        slots: the memory that entries live in.
        cuttable: whether a part of an entry can be used; otherwise only the whole of one can.
    """

    def __init__(self, slots: Slots, *, cuttable: bool = True) -> None:
        self._slots = slots
        self._cuttable = cuttable
        self._roots: dict[str, _Node] = {}
        self._nodes: dict[Entry, _Node] = {}
        self._num_tokens = 0
        self._num_uses = 0

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def seqs(self) -> frozenset[int]:
        """The sequence ids that entries own."""
        return frozenset(entry.seq for entry in self._nodes)

    @property
    def num_tokens(self) -> int:
        """Tokens of all entries, common prefixes counted once."""
        return self._num_tokens

    @property
    def num_uses(self) -> int:
        """How often an entry was added or used."""
        return self._num_uses

    def entries(self) -> Sequence[Entry]:
        """All entries, those that were added first first."""
        return list(self._nodes)

    def lookup(self, namespace: str, tokens: Sequence[int] | Tokens) -> Hit | None:
        """The longest usable prefix held, from any entry below where the path ends."""
        root = self._roots.get(namespace)
        if root is None:
            return None
        node, matched, _ = _descend(root, as_tokens(tokens))
        entry: Entry | None
        if self._cuttable:
            entry = _any_entry(node) if matched else None
        else:
            entry = _whole_entry(node, matched)
            matched = len(entry.tokens) if entry else 0
        if entry is None:
            return None
        self._use(entry)
        return Hit(entry, matched)

    def insert(
        self,
        namespace: str,
        tokens: Sequence[int] | Tokens,
        seq: int,
        *,
        pinned_until: float = 0.0,
        points: tuple[int, ...] = (),
    ) -> Entry:
        """Add an entry, or let one that covers its tokens already stand for it.

        Where prefixes can be cut, entries that it covers itself are released.
        """
        new = Entry(namespace, as_tokens(tokens), seq, pinned_until, points=points)
        root = self._roots.setdefault(namespace, _Node(as_tokens(()), None, 0))
        node, matched, in_edge = _descend(root, new.tokens)
        covering = None
        if matched == len(new.tokens) and (self._cuttable or not in_edge):
            covering = _any_entry(node) if self._cuttable else node.entry
        if covering is not None:
            self._slots.release(seq)
            covering.inherit(new)
            self._use(covering)
            return covering
        if in_edge:
            node = self._split(node, matched)
        node = self._extended(node, new.tokens)
        node.entry = new
        self._nodes[new] = node
        self._use(new)
        if self._cuttable:
            self._absorb(node, new)
        return new

    def take(self, entry: Entry) -> None:
        """Remove an entry, and the nodes that stand for nothing then."""
        node = self._nodes.pop(entry)
        node.entry = None
        while node.parent is not None and node.entry is None and len(node.children) < 2:
            parent = node.parent
            if node.children:
                self._join(node)
                return
            del parent.children[int(node.edge[0])]
            self._num_tokens -= len(node.edge)
            node = parent
        if node.parent is None and not node.children:
            del self._roots[entry.namespace]

    def next_victim(self, now: float) -> Entry | None:
        """Not pinned before pinned, then by last use."""
        return min(
            self._nodes, key=lambda each: (each.pinned_until > now, each.last_use), default=None
        )

    def audit(self) -> None:
        """The tree is well-formed and every entry's sequence covers the entry's path."""
        found: set[Entry] = set()
        num_tokens = 0
        for namespace, root in self._roots.items():
            if not root.children:
                raise AuditError("an empty tree was kept")
            for node, path in _walk(root, ()):
                num_tokens += len(node.edge)
                if node.parent and node.entry is None and len(node.children) < 2:
                    raise AuditError("a node of the prefix tree stands for nothing")
                if node.entry is not None:
                    found.add(node.entry)
                    self._audit_entry(node.entry, namespace, path)
        if found != set(self._nodes) or num_tokens != self._num_tokens:
            raise AuditError("the prefix tree lost an entry or its count of tokens")
        if len(self.seqs) != len(self._nodes):
            raise AuditError("two cache entries own one sequence")

    def _audit_entry(self, entry: Entry, namespace: str, path: tuple[int, ...]) -> None:
        if entry.namespace != namespace or tuple(entry.tokens.tolist()) != path:
            raise AuditError("a cache entry lies at another's place")
        if entry.seq not in self._slots.seqs:
            raise AuditError(f"cache entry owns the free sequence {entry.seq}")
        if self._slots.length(entry.seq) != len(path):
            raise AuditError(f"cache entry differs in length from sequence {entry.seq}")

    def _extended(self, node: _Node, tokens: Tokens) -> _Node:
        """A new leaf for what ``tokens`` have more than a node, or the node itself."""
        if node.depth == len(tokens):
            return node
        leaf = _Node(tokens[node.depth :].copy(), node, len(tokens))
        node.children[int(leaf.edge[0])] = leaf
        self._num_tokens += len(leaf.edge)
        return leaf

    def _split(self, node: _Node, depth: int) -> _Node:
        """Put a node into the middle of an edge."""
        parent = node.parent
        assert parent is not None
        cut = depth - parent.depth
        middle = _Node(node.edge[:cut], parent, depth)
        parent.children[int(node.edge[0])] = middle
        node.edge, node.parent = node.edge[cut:], middle
        middle.children[int(node.edge[0])] = node
        return middle

    def _join(self, node: _Node) -> None:
        """Remove a node that has one child and no entry."""
        (child,) = node.children.values()
        assert node.parent is not None
        child.edge = as_tokens([*node.edge.tolist(), *child.edge.tolist()])
        child.parent = node.parent
        node.parent.children[int(child.edge[0])] = child

    def _absorb(self, node: _Node, new: Entry) -> None:
        """Release the entries of all prefixes of a new one."""
        above = node.parent
        while above is not None:
            upper = above.parent
            old = above.entry
            if old is not None:
                new.inherit(old)
                self.take(old)
                self._slots.release(old.seq)
            above = upper

    def _use(self, entry: Entry) -> None:
        self._num_uses += 1
        entry.last_use = self._num_uses


def _descend(root: _Node, tokens: Tokens) -> tuple[_Node, int, bool]:
    """Follow the tokens as far as the tree knows them.

    Returns the last node reached, how many tokens match, and whether they end inside its edge.
    """
    node, matched = root, 0
    while matched < len(tokens):
        child = node.children.get(int(tokens[matched]))
        if child is None:
            break
        common = common_length(child.edge, tokens[matched:])
        node, matched = child, matched + common
        if common < len(child.edge):
            return node, matched, True
    return node, matched, False


def _any_entry(node: _Node) -> Entry | None:
    """An entry at or below a node: all of them cover its tokens."""
    while node.entry is None:
        below = next(iter(node.children.values()), None)
        if below is None:
            return None
        node = below
    return node.entry


def _whole_entry(node: _Node, matched: int) -> Entry | None:
    """The longest entry on the path to a node of which every token matched."""
    above: _Node | None = node
    while above is not None:
        if above.entry is not None and above.depth <= matched:
            return above.entry
        above = above.parent
    return None


def _walk(node: _Node, path: tuple[int, ...]) -> Iterator[tuple[_Node, tuple[int, ...]]]:
    stack = [(node, path)]
    while stack:
        here, before = stack.pop()
        now = (*before, *here.edge.tolist())
        yield here, now
        stack += [(child, now) for child in here.children.values()]
