package io.github.notearchive.prove;

import io.github.notearchive.prove.CaptureLog.DamagedLogException;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.lang3.ArrayUtils;

/**
 * Merkle tree of RFC 6962 over the entries of a log, stored as the tiles of C2SP tlog-tiles. Reads the tiles that a
 * computation needs.
 *
 * @param size number of entries
 * @param store returns the content of a stored tile of this tree, of the exact length
 * @param added tiles that the last append has added, which need not be stored yet
 */
record TileTree(long size, Function<Tile, byte[]> store, Map<Tile, byte[]> added) {

    /** Number of hashes or entries in a full tile. */
    static final int WIDTH = 256;

    private static final int HEIGHT = 8;
    private static final int HASH = 32;
    private static final int ENTRY = Short.BYTES + HASH;
    private static final byte[] NOTHING = new byte[0];

    /**
     * A tile: consecutive hashes of a level, or consecutive entries.
     *
     * @param level 0 for hashes of entries, each further one for hashes of full tiles below, {@value #ENTRIES} for the
     *     entries themselves
     * @param width number of hashes or entries
     */
    record Tile(int level, long index, int width) {

        private static final int ENTRIES = -1;

        ObjectKey key() {
            StringBuilder path = new StringBuilder("%03d".formatted(index % 1000));
            for (long rest = index / 1000; rest > 0; rest /= 1000) {
                path.insert(0, "x%03d/".formatted(rest % 1000));
            }
            String folder = level == ENTRIES ? "entries" : Integer.toString(level);
            return new ObjectKey("log/tile/" + folder + "/" + path + (width < WIDTH ? ".p/" + width : ""));
        }

        int size() {
            return width * (level == ENTRIES ? ENTRY : HASH);
        }
    }

    /** Returns the tree of tiles in a bucket, which are read once and not verified. */
    static TileTree of(ObjectStore store, long size) {
        Map<Tile, byte[]> read = new HashMap<>();
        return new TileTree(size, key -> read.computeIfAbsent(key, tile -> read(store, tile)), Map.of());
    }

    private static byte[] read(ObjectStore store, Tile tile) {
        return store.find(tile.key(), tile.size() + 1)
                .filter(content -> content.length == tile.size())
                .orElseThrow(() ->
                        new DamagedLogException("the object " + tile.key() + " is missing, or has another length"));
    }

    /** Returns the number of entries in full tiles. An append begins behind them, since it replaces the last tile. */
    static long full(long size) {
        return size - size % WIDTH;
    }

    /** Returns the tree of the first entries, computed from the tiles of this one. */
    TileTree prefix(long length) {
        return new TileTree(length, tile -> Arrays.copyOf(tile(tile.level, tile.index), tile.size()), Map.of());
    }

    private byte[] tile(int level, long index) {
        long hashes = size >> (HEIGHT * Math.max(0, level));
        Tile tile = new Tile(level, index, (int) Math.min(WIDTH, hashes - index * WIDTH));
        byte[] own = added.get(tile);
        return own == null ? store.apply(tile) : own;
    }

    /** Returns whether the tiles of this tree begin with a tile of an earlier one. */
    boolean startsWith(Tile tile, byte[] content) {
        return Arrays.equals(Arrays.copyOf(tile(tile.level, tile.index), content.length), content);
    }

    /** Returns entries in a range of positions. */
    List<byte[]> entries(long from, long to) {
        List<byte[]> entries = new ArrayList<>();
        for (long position = from; position < to; position++) {
            int start = (int) (position % WIDTH) * ENTRY;
            byte[] bundle = tile(Tile.ENTRIES, position / WIDTH);
            entries.add(Arrays.copyOfRange(bundle, start + Short.BYTES, start + ENTRY));
        }
        return entries;
    }

    byte[] root() {
        return size == 0 ? DigestUtils.sha256(NOTHING) : hash(0, size);
    }

    /** Returns the hash of a subtree: a full one is part of a tile. */
    private byte[] hash(long from, long to) {
        long entries = to - from;
        if (Long.bitCount(entries) == 1) {
            int level = Long.numberOfTrailingZeros(entries);
            long first = (from >> level) << (level % HEIGHT);
            return root(tile(level / HEIGHT, first / WIDTH), (int) (first % WIDTH), 1 << (level % HEIGHT));
        }
        long middle = from + split(entries);
        return parent(hash(from, middle), hash(middle, to));
    }

    private static byte[] root(byte[] tile, int from, int hashes) {
        return hashes == 1
                ? Arrays.copyOfRange(tile, from * HASH, (from + 1) * HASH)
                : parent(root(tile, from, hashes / 2), root(tile, from + hashes / 2, hashes / 2));
    }

    /** Returns the number of entries in the left subtree: the largest power of two below the number of all. */
    private static long split(long entries) {
        return Long.highestOneBit(entries - 1);
    }

    /** Returns the hash of a leaf. */
    static byte[] leaf(byte[] entry) {
        return digest((byte) 0, entry, NOTHING);
    }

    private static byte[] parent(byte[] left, byte[] right) {
        return digest((byte) 1, left, right);
    }

    private static byte[] digest(byte prefix, byte[] left, byte[] right) {
        var sha256 = DigestUtils.getSha256Digest();
        sha256.update(prefix);
        sha256.update(left);
        return sha256.digest(right);
    }

    /** Returns the inclusion proof of an entry: the siblings from the leaf to the root. */
    List<byte[]> inclusion(long position) {
        List<byte[]> proof = new ArrayList<>();
        long from = 0;
        long to = size;
        while (to - from > 1) {
            long middle = from + split(to - from);
            boolean isLeft = position < middle;
            proof.add(isLeft ? hash(middle, to) : hash(from, middle));
            from = isLeft ? from : middle;
            to = isLeft ? middle : to;
        }
        return proof.reversed();
    }

    /** Returns the root to which an inclusion proof leads. */
    static byte[] root(byte[] leaf, long position, long size, List<byte[]> proof) {
        if (size == 1 || proof.isEmpty()) {
            return leaf;
        }
        long middle = split(size);
        List<byte[]> below = proof.subList(0, proof.size() - 1);
        return position < middle
                ? parent(root(leaf, position, middle, below), proof.getLast())
                : parent(proof.getLast(), root(leaf, position - middle, size - middle, below));
    }

    /** Returns the tree with these entries behind the {@link #full} tiles. The same entries give the same tiles. */
    TileTree with(List<byte[]> entries) {
        ByteBuffer bundles = ByteBuffer.allocate(entries.size() * ENTRY);
        ByteBuffer leaves = ByteBuffer.allocate(entries.size() * HASH);
        for (byte[] entry : entries) {
            bundles.putShort((short) HASH).put(entry);
            leaves.put(leaf(entry));
        }
        Map<Tile, byte[]> tiles = new HashMap<>();
        add(Tile.ENTRIES, bundles.array(), tiles);
        byte[] hashes = leaves.array();
        for (int level = 0; hashes.length > 0; level++) {
            hashes = add(level, hashes, tiles);
        }
        return new TileTree(full(size) + entries.size(), store, tiles);
    }

    /** Adds the tiles of a level with more hashes or entries; returns the hashes of the tiles that are full now. */
    private byte[] add(int level, byte[] more, Map<Tile, byte[]> tiles) {
        long before = full(size) >> (HEIGHT * Math.max(0, level));
        int unit = new Tile(level, 0, 1).size();
        int partial = (int) (before % WIDTH) * unit;
        byte[] all = partial == 0 ? more : ArrayUtils.addAll(Arrays.copyOf(tile(level, before / WIDTH), partial), more);
        ByteBuffer full = ByteBuffer.allocate(all.length / unit / WIDTH * HASH);
        for (int start = 0; start < all.length; start += WIDTH * unit) {
            byte[] content = Arrays.copyOfRange(all, start, Math.min(all.length, start + WIDTH * unit));
            Tile tile = new Tile(level, (before + start / unit) / WIDTH, content.length / unit);
            tiles.put(tile, content);
            if (tile.width == WIDTH && level != Tile.ENTRIES) {
                full.put(root(content, 0, WIDTH));
            }
        }
        return full.array();
    }
}
