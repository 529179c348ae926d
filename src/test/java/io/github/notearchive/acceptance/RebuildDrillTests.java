package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveRows;
import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.note.Night;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The drill for a lost database: archive, lose the database, rebuild it from the bucket, compare each row, resume. */
@ExtendWith(OutsideServers.Running.class)
@Tag("long")
class RebuildDrillTests {

    /** More than one chunk of the job, and then more than half of another. */
    private static final int NOTES = 70;

    private static final int TRAPPED_AFTER = 60;
    private static final int COMMITTED = 50;

    @Test
    void lostDatabaseIsRebuiltFromTheBucketThoughTheRebuildIsKilled() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.environment().put("ARCHIVE_MEDIA_BACKOFF", "10ms");
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(NOTES);
            assertThat(ids.stream().map(provider::kind).distinct()).containsExactlyInAnyOrder(SandboxNoteKind.values());
            scriptFaults(provider, ids);
            Night night = Night.current(Clock.systemUTC());
            practice.call("run").with(6);
            Map<String, List<String>> before;
            Map<String, Long> objects;
            try (Archive archive = practice.look()) {
                before = ArchiveRows.of(archive::strings);
                objects = archive.objects("");
                assertThat(before.get("worklist")).hasSize(NOTES - 1);
                assertThat(archive.states().keySet()).containsExactlyInAnyOrder("ARCHIVED", "POSTPONED", "UNAVAILABLE");
                assertThat(archive.strings("SELECT DISTINCT concat_ws(' ', state, reason) FROM note_media"))
                        .contains(
                                "STORED",
                                "STORED DEGRADED",
                                "WAIVED NOT_OFFERED_BY_V1",
                                "MISSING DEAD",
                                "MISSING RETRY");
            }
            int calls = provider.calls();

            loseTheDatabase(practice);
            practice.call("status").with(0); // makes the tables
            practice.killTrapped(
                    Trap.before("INSERT ON worklist", "true").after(TRAPPED_AFTER),
                    archive -> archive.assertNumber("SELECT count(*) FROM worklist", COMMITTED),
                    "rebuild");
            Ended done = practice.call("rebuild").with(0);

            assertThat(done.out())
                    .contains("COMPLETED (exit 0)", ", resumed")
                    .contains("sidecars  " + before.get("api_call").size() + " read, ", ", 0 rejected")
                    .contains((NOTES - 1) + " notes");
            try (Archive archive = practice.look()) {
                Map<String, List<String>> after = ArchiveRows.of(archive::strings);
                before.forEach(
                        (table, rows) -> assertThat(after.get(table)).as(table).containsExactlyElementsOf(rows));
                assertThat(after.keySet()).isEqualTo(before.keySet());
                assertThat(archive.objects("")).isEqualTo(objects);
                assertThat(archive.executions()).containsExactly("1 FAILED CRASHED", "1 COMPLETED COMPLETED");
                assertThat(archive.number("""
                                        SELECT sum((result -> 'found' ->> 'sidecars')::bigint)::bigint FROM scan_shard
                                        """))
                        .as("sidecars that both executions read")
                        .isEqualTo(before.get("api_call").size());
                archive.assertNumber("SELECT count(verified_at) FROM media_object", 0);
            }

            // in another night the postponed notes are due again
            boolean isSameNight = Night.current(Clock.systemUTC()).equals(night);
            practice.call("run").with(isSameNight ? 0 : 6);
            assertThat(provider.calls()).as("calls for archived notes").isEqualTo(calls);
        }
    }

    /** The drill of {@code src/docs/backup.md}. */
    @Test
    void restoredDumpIsRefusedUntilTheBucketIsMerged() {
        OutsideServers servers = OutsideServers.running();
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            String name = database(practice);
            List<String> ids = practice.provider().noteIds(3);
            String erased = ids.get(1);
            practice.call("enqueue", ids.getFirst(), erased).with(0);
            practice.call("run").with(0);
            servers.copyDatabase(name, name + "_dump");
            practice.call("enqueue", ids.getLast()).with(0);
            practice.call("run").with(0);
            practice.call("forget", erased, "--yes").with(0);
            assertThat(practice.provider().calls()).isEqualTo(3);

            servers.dropDatabase(name);
            servers.copyDatabase(name + "_dump", name);
            servers.dropDatabase(name + "_dump");

            Ended check = practice.call("check").with(2);
            assertThat(check.out() + check.err()).contains("the bucket is ahead of the database", "rebuild --missing");
            assertThat(practice.call("forget", ids.getFirst(), "--yes").with(2).message())
                    .contains("rebuild --missing", "nothing was done");
            assertErasedNoteStaysErased(practice, ids.getFirst(), erased);
            assertThat(practice.call("rebuild", "--missing").with(0).out()).contains("written   rows of 1 sidecar");
            practice.call("enqueue", ids.getFirst(), ids.getLast()).with(0);
            practice.call("run").with(0);
            assertThat(practice.provider().calls()).as("paid calls").isEqualTo(3);
            assertThat(practice.call("list").with(0).message()).doesNotContain("rebuild --missing");
        }
    }

    private static void assertErasedNoteStaysErased(Practice practice, String kept, String erased) {
        String set = practice.directory().resolve("set").toString();
        practice.call("export", set, "--format", "jsonl").with(2);
        practice.call("enqueue", erased).with(2);
        for (Ended shown : List.of(
                practice.call("list").with(0),
                practice.call("search", "published:2000..2100").with(0),
                practice.call("show", kept).with(0),
                practice.call("status", "--fail-on", "ATTENTION").with(6))) {
            assertThat(shown.out() + shown.err())
                    .contains("the bucket is ahead of the database", "rebuild --missing")
                    .doesNotContain(erased);
        }
        assertThat(practice.call("list").with(0).out()).contains(kept);
        assertThat(practice.call("show", erased).with(2).message()).contains("was forgotten");
    }

    private static void loseTheDatabase(Practice practice) {
        String name = database(practice);
        OutsideServers.running().dropDatabase(name);
        OutsideServers.running().createDatabase(name);
    }

    private static String database(Practice practice) {
        String url = practice.environment().get("ARCHIVE_DATABASE_URL");
        return url.replaceFirst(".*/", "").replaceFirst("\\?.*", "");
    }

    private static void scriptFaults(ScriptableSandbox provider, List<String> ids) {
        List<String> images = of(SandboxNoteKind.IMAGES, provider, ids)
                .filter(id -> image(provider, id, "original").contains("sc=V_ORG"))
                .toList();
        List<String> texts = of(SandboxNoteKind.TEXT, provider, ids).toList();
        String lesser = image(provider, images.get(0), "fileid");
        String dead = image(provider, images.get(1), "fileid");
        String away = image(provider, images.get(2), "fileid");
        String garbled = provider.envelope(texts.get(1))
                .toString()
                .replaceFirst("\"desc\":\"", "\"desc\":\"\\\\u0000 \\\\ud83d ");
        provider.script()
                .media(target -> target.contains(lesser) && target.contains("sc=V_ORG"), Reply.status(404))
                .media(target -> target.contains(dead), Reply.status(404))
                .media(target -> target.contains(away), Reply.status(503))
                .answers(texts.get(0), Reply.code(201))
                .answers(texts.get(1), Reply.json(garbled))
                .answers(texts.get(2), Reply.code(301));
    }

    private static Stream<String> of(SandboxNoteKind kind, ScriptableSandbox provider, List<String> ids) {
        return ids.stream().filter(id -> provider.kind(id) == kind);
    }

    private static String image(ScriptableSandbox provider, String note, String field) {
        return provider.envelope(note)
                .at("/data/0/note_list/0/images_list/0/" + field)
                .stringValue("");
    }
}
