package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveRows;
import io.github.notearchive.acceptance.Program.Ended;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two nodes, each a process, share a scan; one of them is killed, or frozen for longer than its lease. */
@ExtendWith(OutsideServers.Running.class)
@Execution(value = ExecutionMode.SAME_THREAD, reason = "each test has two processes")
@Tag("long")
class SharedScansTests {

    private static final int NOTES = 16;

    /** Shards, which only a large archive has: step, first key, and last key of each. */
    private static final String CUT = """
            INSERT INTO scan_shard (scan, since, step, lower, upper)
            SELECT '%s', now(), step, coalesce(lag(upper) OVER (PARTITION BY step, area ORDER BY number), area), upper
            FROM (VALUES %s) AS cut (number, step, area, upper)
            ORDER BY number
            """;

    private static final String AUDIT = CUT.formatted("verifyArchive", """
            (1, 'verifyBucket', 'media/', 'media/80'), (2, 'verifyBucket', 'media/', NULL),
            (3, 'verifyBucket', 'notes/', 'notes/68'), (4, 'verifyBucket', 'notes/', NULL),
            (5, 'verifyFiles', '', '20'), (6, 'verifyFiles', '', '80'), (7, 'verifyFiles', '', 'c0'), (8, 'verifyFiles', '', 'g'),
            (9, 'verifySidecars', '0', '5'), (10, 'verifySidecars', '0', '9223372036854775807'),
            (11, 'verifyTables', '', NULL)
            """);

    private static final String REBUILD = CUT.formatted("rebuildArchive", """
            (1, 'rebuildObjects', 'media/', 'media/80'), (2, 'rebuildObjects', 'media/', NULL),
            (3, 'rebuildSidecars', 'notes/', 'notes/67'), (4, 'rebuildSidecars', 'notes/', 'notes/69'),
            (5, 'rebuildSidecars', 'notes/', NULL), (6, 'rebuildNumbers', '', NULL)
            """);

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void auditLosesNothing(boolean isKilled) throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.enqueue(NOTES);
            practice.call("run").with(0);
            String first = archive.strings("SELECT object_key FROM media_object ORDER BY sha256 LIMIT 1")
                    .getFirst();
            archive.execute("UPDATE media_object SET size_bytes = 1 WHERE object_key = '" + first + "'");
            long files = archive.number("SELECT count(*) FROM media_object");
            archive.execute(AUDIT);
            Nodes nodes = new Nodes(practice, archive, "verify", line -> line.contains(first), "verifyFiles");

            Ended end = nodes.afterLossOfOne(isKilled).with(6);

            assertThat(end.out()).contains("audited   %d files and %d sidecars".formatted(files, NOTES), "SIZE 1");
            List<String> verified = archive.strings("SELECT verified_at::text FROM media_object ORDER BY sha256");
            if (!isKilled) {
                Ended late = nodes.resumed().with(6);
                assertThat(late.err()).contains("the lease of shard");
                assertThat(late.out()).contains("audited   %d files and %d sidecars".formatted(files, NOTES));
                assertThat(archive.strings("SELECT verified_at::text FROM media_object ORDER BY sha256"))
                        .isEqualTo(verified);
            }
            archive.assertNumber("SELECT count(*) FROM fixity_finding", 1);
            archive.assertNumber("SELECT count(*) FROM scan_shard WHERE done_at IS NULL", 0);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rebuildLosesNothing(boolean isKilled) throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.enqueue(NOTES);
            practice.call("run").with(0);
            Map<String, List<String>> before;
            String first;
            try (Archive archive = practice.look()) {
                before = ArchiveRows.of(archive::strings);
                first = archive.strings("SELECT sidecar_key FROM note_capture ORDER BY note_id LIMIT 1")
                        .getFirst();
                archive.execute(ArchiveRows.LOSS);
                archive.execute(REBUILD);
            }
            try (Archive archive = practice.look()) {
                Nodes nodes = new Nodes(practice, archive, "rebuild", line -> line.contains(first), "rebuildSidecars");

                Ended end = nodes.afterLossOfOne(isKilled).with(0);

                assertThat(end.out()).contains("sidecars  %d read, 0 rejected".formatted(NOTES));
                assertSame(archive, before);
                if (!isKilled) {
                    Ended late = nodes.resumed().with(0);
                    assertThat(late.err()).contains("the lease of shard");
                    assertThat(late.out()).contains("sidecars  %d read, 0 rejected".formatted(NOTES));
                    assertSame(archive, before);
                }
            }
            int calls = practice.provider().calls();
            practice.call("run").with(0);
            assertThat(practice.provider().calls()).isEqualTo(calls);
            practice.call("verify").with(0);
        }
    }

    /** The rows of the last part are written and not committed. */
    @Test
    void shardWhoseNodeIsKilledAtItsEndIsReadAgainFromItsLastCommit() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.enqueue(NOTES);
            practice.call("run").with(0);
            long files = archive.number("SELECT count(*) FROM media_object");
            archive.execute(AUDIT);

            practice.killTrapped(
                    Trap.before("UPDATE ON scan_shard", "NEW.done_at IS NOT NULL AND NEW.step = 'verifyFiles'"),
                    _ -> archive.assertNumber(
                            "SELECT count(*) FROM scan_shard WHERE step = 'verifyFiles' AND done_at IS NOT NULL", 0),
                    "verify");
            Ended end = practice.call("verify").with(0);

            assertThat(end.out()).contains("audited   %d files and %d sidecars".formatted(files, NOTES), ", resumed");
            archive.assertNumber("SELECT count(*) FROM scan_shard WHERE done_at IS NULL OR claim_id IS NOT NULL", 0);
        }
    }

    private static void assertSame(Archive archive, Map<String, List<String>> before) {
        Map<String, List<String>> after = ArchiveRows.of(archive::strings);
        before.forEach((table, rows) -> assertThat(after.get(table)).as(table).isEqualTo(rows));
    }

    /** Node one reads the first object of a step, gets no response and is lost; node two does the rest. */
    private record Nodes(Practice practice, Archive archive, String command, Program one, Program two) {

        Nodes(Practice practice, Archive archive, String command, Predicate<String> first, String step) {
            String direct = OutsideServers.running().store().endpoint().toString();
            practice.ways().store().holdResponses(line -> line.startsWith("GET ") && first.test(line));
            Program one = practice.startWith(
                    Map.of("ARCHIVE_NODE", "one", "ARCHIVE_DATA_DIR", data(practice, "one")), command);
            practice.ways().store().awaitHeld(1, Practice.PATIENCE);
            Map<String, String> more =
                    new HashMap<>(Map.of("ARCHIVE_NODE", "two", "ARCHIVE_DATA_DIR", data(practice, "two")));
            more.put("ARCHIVE_S3_ENDPOINT", direct);
            Program two = practice.startWith(more, command);
            archive.awaitNumber("SELECT count(*) FROM scan_shard WHERE done_at IS NULL AND step = '" + step + "'", 1);
            this(practice, archive, command, one, two);
        }

        private static String data(Practice practice, String node) {
            return practice.directory().resolve("data-" + node).toString();
        }

        /** Ends the lease of node one, as after five minutes, and returns the end of node two. */
        Ended afterLossOfOne(boolean isKilled) throws Exception {
            if (isKilled) {
                one.killRunning();
                practice.ways().store().release();
            } else {
                one.signal("STOP");
            }
            assertThat(two.isRunning()).isTrue();
            archive.execute(
                    "UPDATE scan_shard SET claimed_until = now() - interval '1 second' WHERE claimed_by = 'one'");
            return practice.end(two);
        }

        /** Continues node one, whose response arrives now, and returns its end. */
        Ended resumed() throws Exception {
            practice.ways().store().release();
            one.signal("CONT");
            return practice.end(one);
        }
    }
}
