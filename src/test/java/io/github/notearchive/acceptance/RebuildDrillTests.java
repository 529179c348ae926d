package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveRows;
import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.MediaReply;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The drill for the day when the database is lost: archive, lose it, rebuild it from the bucket, compare row for row,
 * and go on.
 */
@ExtendWith(OutsideServers.Running.class)
class RebuildDrillTests {

    /** More than one chunk of the job, and then more than half of another. */
    private static final int NOTES = 70;

    private static final int TRAPPED_AFTER = 60;
    private static final int COMMITTED = 50;

    @Test
    void lostDatabaseComesBackFromTheBucketAlthoughTheRebuildIsKilled() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.environment().put("ARCHIVE_MEDIA_BACKOFF", "10ms");
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(NOTES);
            assertThat(ids.stream().map(provider::kind).distinct()).containsExactlyInAnyOrder(SandboxNoteKind.values());
            trouble(provider, ids);
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
            killInTheMiddle(practice);
            Ended done = practice.call("rebuild").with(0);

            assertThat(done.out())
                    .contains("COMPLETED (exit 0)", ", resumed", " a second, ")
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
                                        SELECT read_count FROM batch_step_execution
                                        WHERE step_name = 'rebuildSidecars' AND job_execution_id = 2
                                        """))
                        .as("sidecars that the restart read")
                        .isEqualTo(before.get("api_call").size() - COMMITTED);
                archive.assertNumber("SELECT count(verified_at) FROM media_object", 0);
            }

            practice.call("run").with(0);
            assertThat(provider.calls()).as("calls for archived notes").isEqualTo(calls);
        }
    }

    /** The drill of {@code src/docs/backup.md}, as an operator types it. */
    @Test
    void restoredDumpIsRefusedUntilTheBucketIsMerged() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            ScriptableSandbox provider = practice.provider();
            List<String> ids = practice.enqueue(3);
            practice.call("run").with(0);
            String name = database(practice);
            OutsideServers.running().copyDatabase(name, name + "_dump");
            List<String> all = provider.noteIds(8);
            String list = practice.file("all.txt", String.join("\n", all)).toString();
            practice.call("enqueue", list).with(0);
            practice.call("run").with(0);
            practice.call("forget", ids.getFirst(), "--yes").with(0);
            int calls = provider.calls();

            OutsideServers.running().dropDatabase(name);
            OutsideServers.running().copyDatabase(name + "_dump", name);

            for (String command : List.of("run", "verify", "check")) {
                Ended refused = practice.call(command).with(2);
                assertThat(refused.out() + refused.err())
                        .contains("the bucket is ahead of the database", "rebuild --missing");
            }
            assertThat(practice.call("forget", ids.get(1), "--yes").with(2).err())
                    .contains("rebuild --missing", "nothing was forgotten");
            assertThat(practice.call("rebuild", "--missing").with(0).out()).contains("written   rows of 5 sidecars");
            practice.call("enqueue", list).with(6); // one of them was forgotten
            practice.call("run").with(0);
            assertThat(provider.calls()).as("calls in all").isEqualTo(calls);
            try (Archive archive = practice.look()) {
                archive.assertNumber("SELECT count(*) FROM note", 7);
                assertThat(archive.objects("notes/" + ids.getFirst())).isEmpty();
            }
            practice.call("verify").with(0);
        }
    }

    private static void loseTheDatabase(Practice practice) {
        String name = database(practice);
        OutsideServers.running().dropDatabase(name);
        assertThat(OutsideServers.running().createDatabase(name))
                .isEqualTo(practice.environment().get("ARCHIVE_DATABASE_URL"));
    }

    private static String database(Practice practice) {
        String url = practice.environment().get("ARCHIVE_DATABASE_URL");
        return url.replaceFirst(".*/", "").replaceFirst("\\?.*", "");
    }

    private static void trouble(ScriptableSandbox provider, List<String> ids) {
        List<String> images = ids.stream()
                .filter(id -> provider.kind(id) == SandboxNoteKind.IMAGES)
                .filter(id -> original(provider, id).contains("sc=V_ORG"))
                .toList();
        List<String> texts = ids.stream()
                .filter(id -> provider.kind(id) == SandboxNoteKind.TEXT)
                .toList();
        String lesser = name(provider, images.get(0));
        provider.script()
                .media(target -> target.contains(lesser) && target.contains("sc=V_ORG"), MediaReply.status(404));
        String dead = name(provider, images.get(1));
        provider.script().media(target -> target.contains(dead), MediaReply.status(404));
        String away = name(provider, images.get(2));
        provider.script().media(target -> target.contains(away), MediaReply.status(503));
        provider.script().answers(texts.get(0), Reply.code(201));
        provider.script()
                .answers(
                        texts.get(1),
                        Reply.json(provider.envelope(texts.get(1))
                                .toString()
                                .replaceFirst("\"desc\":\"", "\"desc\":\"\\\\u0000 \\\\ud83d ")));
        provider.script().answers(texts.get(2), Reply.code(301));
    }

    private static String original(ScriptableSandbox provider, String note) {
        return provider.envelope(note)
                .at("/data/0/note_list/0/images_list/0/original")
                .stringValue("");
    }

    private static String name(ScriptableSandbox provider, String note) {
        return provider.envelope(note)
                .at("/data/0/note_list/0/images_list/0/fileid")
                .stringValue();
    }

    /** Kills a rebuild with one chunk committed, in the middle of the next. */
    private static void killInTheMiddle(Practice practice) throws Exception {
        practice.call("status").with(0); // makes the tables
        Trap trap = Trap.before("INSERT ON worklist", "true").after(TRAPPED_AFTER);
        try (Archive archive = practice.look()) {
            trap.set(archive);
        }
        Program rebuild = practice.start("rebuild");
        try (Archive archive = practice.beside(rebuild)) {
            Trap.awaitCaught(archive, 1);
            archive.assertNumber("SELECT count(*) FROM worklist", COMMITTED);
            rebuild.kill();
            Trap.remove(archive);
        }
    }
}
