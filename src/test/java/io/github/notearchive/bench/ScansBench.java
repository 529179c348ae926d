package io.github.notearchive.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;

/** An audit by one node and by two, when the latency of the store is the limit and not the machine. */
class ScansBench {

    private static final int FILES = Integer.getInteger("bench.files", 4_800);
    private static final int LATENCY_MILLIS = Integer.getInteger("bench.store-latency", 100);

    @Test
    void twoNodesBesideOne() {
        try (Servers servers = Servers.start();
                Wire store = slowStore()) {
            MeasuredProgram program = MeasuredProgram.configured(servers);
            Page page = new Page(ScansBench.class, "scans", "An audit that nodes share", servers);
            page.paragraph("""
                    `verify` of %,d files, whose store responds after %d ms; each node reads 4 at once. All processes share the machine. Time from the first verdict to the last one.
                    """.formatted(FILES, LATENCY_MILLIS));
            page.table("nodes", "runs", "s", "files/s");
            Spread one = new Spread();
            Spread two = new Spread();
            Spread ratio = new Spread();
            for (int i = 0; i < MeasuredProgram.RUNS; i++) {
                double alone = audit(servers, store, program, 1);
                double shared = audit(servers, store, program, 2);
                System.out.printf("one node %.1f s, two nodes %.1f s%n", alone, shared);
                one.add(alone);
                two.add(shared);
                ratio.add(alone / shared);
            }
            row(page, "1", one);
            row(page, "2", two);
            page.row("**two ÷ one**", "", "", "**" + ratio.text(2) + " ×**").row("bar", "", "", "≥ 1.9 ×");
            page.remember("two nodes", ratio);
            page.write();
            System.out.println(page);
        }
    }

    private static void row(Page page, String nodes, Spread seconds) {
        page.row(nodes, String.valueOf(seconds.runs()), seconds.text(1), "%.0f".formatted(FILES / seconds.median()));
    }

    /** Returns the seconds of an audit by new processes. */
    private static double audit(Servers servers, Wire store, MeasuredProgram program, int nodes) {
        String database = "bench_scan";
        program.prepare(database, 1);
        servers.query(database, """
                        WITH files AS (
                            INSERT INTO media_object (sha256, object_key, size_bytes, content_type, stored_at)
                            SELECT sha256, 'media/' || left(sha256, 2) || '/' || sha256 || '.jpg', length(content), 'image/jpeg', now()
                            FROM (SELECT 'file ' || i AS content, encode(sha256(convert_to('file ' || i, 'UTF8')), 'hex') AS sha256
                                  FROM generate_series(1, %d) AS i) AS contents
                            RETURNING 1)
                        SELECT count(*) FROM files
                        """.formatted(FILES));
        try {
            return MeasuredProgram.inDirectory(directory -> {
                List<Process> started = new ArrayList<>();
                for (int node = 1; node <= nodes; node++) {
                    started.add(start(store, program, directory, database, "node-" + node));
                }
                for (Process process : started) {
                    assertThat(process.waitFor(MeasuredProgram.PATIENCE.toSeconds(), TimeUnit.SECONDS))
                            .isTrue();
                    assertThat(process.exitValue()).as("exit code of verify").isZero();
                }
                assertThat(servers.query(database, "SELECT count(verified_at) FROM media_object"))
                        .isEqualTo(String.valueOf(FILES));
                return Double.parseDouble(servers.query(
                        database, "SELECT extract(epoch FROM max(verified_at) - min(verified_at)) FROM media_object"));
            });
        } finally {
            servers.dropDatabase(database);
        }
    }

    private static Process start(Wire store, MeasuredProgram program, Path directory, String database, String node)
            throws IOException {
        Path home = Files.createDirectories(directory.resolve(node));
        Map<String, String> settings = program.settings(home, database);
        settings.put("ARCHIVE_NODE", node);
        settings.put("ARCHIVE_S3_ENDPOINT", "http://127.0.0.1:" + store.port());
        return program.process(home, settings, "verify")
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("output.txt").toFile())
                .start();
    }

    /** Starts a store that has the files of the audit, and lists none, so that none is an orphan. */
    private static Wire slowStore() {
        Map<String, byte[]> files = new HashMap<>();
        for (int i = 1; i <= FILES; i++) {
            byte[] content = ("file " + i).getBytes(UTF_8);
            files.put(DigestUtils.sha256Hex(content), content);
        }
        return Wire.listen(request -> {
            byte[] file = files.get(request.path().replaceFirst(".*/", "").replaceFirst("\\..*", ""));
            if (file != null) {
                Thread.sleep(LATENCY_MILLIS);
                request.send(200, file);
            } else if (request.path().matches("/[^/]+/.+")) {
                Sink.sendXml(request, 404, "<Error><Code>NoSuchKey</Code></Error>");
            } else {
                Sink.sendXml(request, 200, Sink.EMPTY_LIST);
            }
        });
    }
}
