package io.github.notearchive.maintenance.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.batch.ShardRepository.NewShard;
import io.github.notearchive.batch.ShardRepository.Shard;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Shards of a bucket whose listing is large. */
class BucketShardsTests {

    private static final int PAGE = 1000;

    private final TreeSet<String> names = new TreeSet<>();
    private final Random random = new Random(1);
    private HttpServer server;
    private ObjectStore store;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 100);
        server.createContext("/", this::list);
        server.start();
        store = StoreFixture.at("http://127.0.0.1:" + server.getAddress().getPort(), 1);
    }

    @AfterEach
    void stop() {
        store.close();
        server.stop(0);
    }

    @Test
    void smallAreaIsOneShard() {
        addNotes(100, 0x60000000L, 0x6a000000L);

        List<NewShard> shards = BucketShards.ofNotes(store, "step", "notes/");

        assertThat(shards).containsExactly(new NewShard("step", "notes/", null));
        assertThat(listed(shards.getFirst())).containsExactlyElementsOf(names);
    }

    /** Most notes are of the last months; some names are no notes, and one is that of the area. */
    @Tag("long")
    @Test
    void sidecarsAreCutByTheirDensityAndEachIsInOneShard() {
        addNotes(10_000, 0x5c000000L, 0x68000000L);
        addNotes(30_000, 0x69000000L, 0x69800000L);
        names.addAll(List.of("notes/", "notes/a foreign file", "notes/zzz"));

        List<NewShard> shards = BucketShards.ofNotes(store, "step", "notes/");

        List<List<String>> listed = shards.stream().map(this::listed).toList();
        assertThat(listed.stream().flatMap(List::stream)).containsExactlyElementsOf(names);
        assertThat(shards).hasSizeBetween(200, 256);
        assertThat(Collections.max(listed.stream().map(List::size).toList())).isLessThan(1_000);
        List<String> notes = listed.stream()
                .flatMap(shard -> shard.stream()
                        .filter(name -> name.endsWith(".json"))
                        .map(name -> name.split("/")[1])
                        .distinct())
                .toList();
        assertThat(notes).as("no note is in two shards").doesNotHaveDuplicates();
    }

    @Tag("long")
    @Test
    void filesAreCutByTheFirstByteOfTheirDigests() {
        for (int i = 0; i < 11_000; i++) {
            String sha256 = DigestUtils.sha256Hex("file " + i);
            names.add("media/" + sha256.substring(0, 2) + "/" + sha256 + ".jpg");
        }
        names.add("media/foreign");

        List<NewShard> shards = BucketShards.ofDigests(store, "step", "media/");

        assertThat(shards).hasSize(256);
        List<List<String>> listed = shards.stream().map(this::listed).toList();
        assertThat(listed.stream().flatMap(List::stream)).containsExactlyElementsOf(names);
        assertThat(listed.get(7)).allMatch(name -> name.startsWith("media/07/"));
    }

    @Test
    void continuesAfterThePosition() {
        addNotes(30, 0x60000000L, 0x6a000000L);
        List<String> all = List.copyOf(names);

        Shard shard = new Shard(1, "notes/", null, all.get(9), null, 1);

        assertThat(listed(shard)).isEqualTo(all.subList(10, all.size()));
    }

    /** Adds a sidecar or two of each note. */
    private void addNotes(int number, long from, long to) {
        for (int i = 0; i < number; i++) {
            String note = "%08x%016x".formatted(random.nextLong(from, to), random.nextLong());
            names.add("notes/" + note + "/20260101T000000.000Z.json");
            if (i % 10 == 0) {
                names.add("notes/" + note + "/20260201T000000.000Z.json");
            }
        }
    }

    private List<String> listed(NewShard shard) {
        return listed(new Shard(1, shard.lower(), shard.upper(), null, null, 1));
    }

    private List<String> listed(Shard shard) {
        Supplier<@Nullable StoredObject> source = BucketShards.list(store, new JobStopper(), shard);
        List<String> listed = new ArrayList<>();
        for (StoredObject object = source.get(); object != null; object = source.get()) {
            listed.add(object.name());
        }
        return listed;
    }

    private void list(HttpExchange exchange) throws IOException {
        Map<String, String> query = Stream.of(
                        exchange.getRequestURI().getRawQuery().split("&"))
                .map(pair -> pair.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> URLDecoder.decode(pair[1], UTF_8)));
        String after = query.getOrDefault("continuation-token", query.getOrDefault("start-after", ""));
        List<String> page = names.tailSet(after, false).stream()
                .filter(name -> name.startsWith(query.get("prefix")))
                .limit(PAGE + 1)
                .toList();
        boolean isTruncated = page.size() > PAGE;
        String contents = page.stream()
                .limit(PAGE)
                .map(name ->
                        "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>"
                                .formatted(name))
                .collect(Collectors.joining());
        String token = isTruncated ? "<NextContinuationToken>" + page.get(PAGE - 1) + "</NextContinuationToken>" : "";
        byte[] xml = """
                <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/><IsTruncated>%s</IsTruncated>%s%s</ListBucketResult>\
                """.formatted(isTruncated, token, contents).getBytes(UTF_8);
        try (exchange) {
            exchange.sendResponseHeaders(200, xml.length);
            exchange.getResponseBody().write(xml);
        }
    }
}
