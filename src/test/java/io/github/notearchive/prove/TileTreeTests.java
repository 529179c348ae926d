package io.github.notearchive.prove;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.Fuzz;
import io.github.notearchive.prove.TileTree.Tile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TileTreeTests {

    private static final HexFormat HEX = HexFormat.of();

    private final Map<Tile, byte[]> stored = new HashMap<>();

    private TileTree tree(long size) {
        return new TileTree(
                size,
                tile -> {
                    assertThat(stored).containsKey(tile);
                    return stored.get(tile);
                },
                Map.of());
    }

    private TileTree stored(TileTree appended) {
        appended.added().forEach((tile, bytes) -> {
            byte[] before = stored.put(tile, bytes);
            assertThat(before == null || java.util.Arrays.equals(before, bytes)).isTrue();
        });
        return tree(appended.size());
    }

    private static List<byte[]> entries(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> DigestUtils.sha256("entry " + i))
                .toList();
    }

    /** The definition of RFC 6962, section 2.1. */
    static byte[] root(List<byte[]> entries) {
        if (entries.isEmpty()) {
            return DigestUtils.sha256("");
        }
        if (entries.size() == 1) {
            return DigestUtils.sha256(concat(new byte[] {0}, entries.getFirst()));
        }
        int k = split(entries.size());
        return parent(root(entries.subList(0, k)), root(entries.subList(k, entries.size())));
    }

    /** The definition of RFC 6962, section 2.1.1. */
    private static List<byte[]> path(int m, List<byte[]> entries) {
        if (entries.size() == 1) {
            return List.of();
        }
        int k = split(entries.size());
        List<byte[]> left = entries.subList(0, k);
        List<byte[]> right = entries.subList(k, entries.size());
        return m < k
                ? Stream.concat(path(m, left).stream(), Stream.of(root(right))).toList()
                : Stream.concat(path(m - k, right).stream(), Stream.of(root(left)))
                        .toList();
    }

    private static int split(int n) {
        int k = 1;
        while (k * 2 < n) {
            k *= 2;
        }
        return k;
    }

    private static byte[] parent(byte[] left, byte[] right) {
        return DigestUtils.sha256(concat(new byte[] {1}, concat(left, right)));
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = java.util.Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** Published with RFC 6962: github.com/google/certificate-transparency, merkle_tree_test. */
    @Test
    void leafAndEmptyTreeHaveTheKnownHashes() {
        assertThat(HEX.formatHex(tree(0).root()))
                .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assertThat(HEX.formatHex(TileTree.leaf(new byte[0])))
                .isEqualTo("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assertThat(HEX.formatHex(TileTree.leaf("L123456".getBytes(StandardCharsets.US_ASCII))))
                .isEqualTo("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 256, tile/0/000",
        "0, 273, 112, tile/0/273.p/112",
        "2, 0, 1, tile/2/000.p/1",
        "1, 1234067, 256, tile/1/x001/x234/067",
        "-1, 1234067, 8, tile/entries/x001/x234/067.p/8"
    })
    void pathsFollowTheSpecification(int level, long index, int width, String path) {
        assertThat(new Tile(level, index, width).key().value()).isEqualTo("log/" + path);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 700})
    void rootsAndProofsAreThoseOfTheDefinition(int size) {
        List<byte[]> all = entries(0, size);
        TileTree tree = stored(tree(0).with(all));

        assertThat(tree.root()).isEqualTo(root(all));
        for (int i = 0; i < size; i += Math.max(1, size / 50)) {
            List<byte[]> proof = tree.inclusion(i);

            assertThat(proof).containsExactlyElementsOf(path(i, all));
            assertThat(TileTree.root(TileTree.leaf(all.get(i)), i, size, proof)).isEqualTo(tree.root());
        }
    }

    @Test
    void treeOf70000EntriesHasTheTilesOfTheSpecification() {
        tree(0).with(entries(0, 70_000)).added().forEach(stored::put);

        assertThat(stored.keySet().stream().filter(tile -> tile.level() == 0 && tile.width() == 256))
                .hasSize(273);
        assertThat(stored.keySet().stream()
                        .filter(tile -> tile.width() < 256 || tile.level() > 0)
                        .map(tile -> tile.key().value().substring(4)))
                .containsExactlyInAnyOrder(
                        "tile/entries/273.p/112",
                        "tile/0/273.p/112",
                        "tile/1/000",
                        "tile/1/001.p/17",
                        "tile/2/000.p/1");
        assertThat(tree(70_000).root()).isEqualTo(root(entries(0, 70_000)));
        assertThat(tree(70_000).inclusion(69_999)).containsExactlyElementsOf(path(69_999, entries(0, 70_000)));
    }

    @Test
    void appendsInRandomBatchesGiveTheSameTilesAndRoots() throws Exception {
        Fuzz.tries(6, random -> {
            stored.clear();
            List<byte[]> all = new ArrayList<>();
            List<Integer> sizes = new ArrayList<>(List.of(0));
            TileTree tree = tree(0);
            while (all.size() < 1500) {
                int more = random.nextInt(3) == 0 ? 256 : 1 + random.nextInt(400);
                List<byte[]> batch = entries(all.size(), all.size() + more);
                all.addAll(batch);
                sizes.add(all.size());
                tree = stored(tree.with(all.subList((int) TileTree.full(tree.size()), all.size())));
            }

            assertThat(tree.root()).isEqualTo(root(all));
            for (int size : sizes) {
                TileTree before = tree.prefix(size);
                assertThat(before.root()).isEqualTo(root(all.subList(0, size)));
                assertThat(before.with(all.subList((int) TileTree.full(size), all.size()))
                                .root())
                        .isEqualTo(tree.root());
            }
            int position = random.nextInt(all.size());
            assertThat(tree.inclusion(position)).containsExactlyElementsOf(path(position, all));
        });
    }

    @Test
    void aProofOfAnotherEntryOrPositionLeadsToAnotherRoot() {
        Random random = new Random(7);
        List<byte[]> all = entries(0, 300);
        TileTree tree = stored(tree(0).with(all));
        List<byte[]> proof = new ArrayList<>(tree.inclusion(17));
        byte[] leaf = TileTree.leaf(all.get(17));

        assertThat(TileTree.root(leaf, 18, 300, proof)).isNotEqualTo(tree.root());
        assertThat(TileTree.root(TileTree.leaf(all.get(18)), 17, 300, proof)).isNotEqualTo(tree.root());
        int damaged = random.nextInt(proof.size());
        byte[] other = proof.get(damaged).clone();
        other[random.nextInt(32)] ^= 1;
        proof.set(damaged, other);
        assertThat(TileTree.root(leaf, 17, 300, proof)).isNotEqualTo(tree.root());
    }
}
