package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.report.PageChecks;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.lang3.ArrayUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Commands over an archive and beside a run: enqueue, check, status, search, report, forget. */
@ExtendWith(OutsideServers.Running.class)
class CommandsTests {

    private static String id(int number) {
        return "65fe2a8d%016x".formatted(number);
    }

    @Test
    void idsOfFilesArgumentsAndStandardInputAreEnqueuedOnce() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            String link = "https://www.xiaohongshu.com/explore/" + id(4);
            Path ids = practice.file("ids.txt", "\uFEFF" + id(1) + "\r\n" + id(2).toUpperCase() + "\r\n\r\n");
            Path csv = practice.file(
                    "named.csv", "title,Note_ID\n\"a, \"\"quoted\"\"\nname\"," + id(3) + "\nplain," + id(3) + "\n");
            String files = "enqueue %s %s %s --priority 7 --source spring".formatted(ids, csv, link);

            Ended lists = practice.call(files.split(" ")).with(0);
            Program piped = practice.start("enqueue", "-");
            try (OutputStream input = piped.input()) {
                input.write((id(5) + "\n" + id(4) + "\n").getBytes(StandardCharsets.UTF_8));
            }

            assertThat(lists.out().lines())
                    .containsExactly(ids + ": 2 new", csv + ": 1 new, 1 duplicate", link + ": 1 new");
            assertThat(practice.end(piped).with(0).out()).contains("standard input: 1 new, 1 already known");
            assertThat(archive.strings("SELECT note_id || ' ' || priority || ' ' || source FROM worklist ORDER BY 1"))
                    .containsExactly(
                            id(1) + " 7 spring",
                            id(2) + " 7 spring",
                            id(3) + " 7 spring",
                            id(4) + " 7 spring",
                            id(5) + " 5 enqueue");
            assertThat(archive.executions()).isEmpty();
        }
    }

    @Test
    void missingFilesAreWaivedAndNotesRequeuedAndExportedByAFilter() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            List<String> notes = practice.enqueue(practice.provider().noteIds(SandboxNoteKind.SOUND, 3));
            Set<String> dead = Practice.targetsOf(practice.provider(), notes.getFirst());
            practice.provider().script().media(dead::contains, Reply.status(404));
            practice.call("run").with(6);
            String[] waive = {"waive", "--filter", "state:postponed media-reason:dead", "--reason", "lost for good"};
            long files = archive.number("SELECT count(*) FROM note_media WHERE state = 'MISSING'");

            String preview = practice.call(waive).with(0).out();
            archive.assertNumber("SELECT count(*) FROM note_media WHERE state = 'MISSING'", files);
            String done =
                    practice.call(ArrayUtils.addAll(waive, "--yes")).with(0).out();
            String nothing = practice.call(waive).with(0).out();

            assertThat(preview)
                    .contains("Would be waived: " + DisplayFormat.plural(files, "file")
                            + " of 1 note (nothing was changed; --yes does it)")
                    .contains(notes.getFirst(), " DEAD ");
            assertThat(done).contains("Waived: " + DisplayFormat.plural(files, "file") + " of 1 note");
            assertThat(nothing).contains("0 files of 0 notes");
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 3L));
            archive.assertNumber("SELECT count(*) FROM note_media WHERE reason = 'lost for good'", files);

            Path ids = practice.directory().resolve("some");
            Program export = practice.start("export", "--format", "jsonl", "--ids", "-", ids.toString());
            try (OutputStream input = export.input()) {
                input.write((notes.get(1) + "\r\n").getBytes(StandardCharsets.UTF_8));
            }
            practice.end(export).with(0);
            assertThat(ids.resolve("notes.jsonl"))
                    .content()
                    .contains(notes.get(1))
                    .hasLineCount(1);

            Ended requeued = practice.call("requeue", "--filter", "has:waived").with(0);
            assertThat(requeued.out()).contains("1 matching note made due now");
            assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 2L, "PENDING", 1L));
        }
    }

    @Test
    void checkReportsThatTheArchiveIsNewAndStatusNamesIt() {
        try (Practice practice = Practice.beginEmpty(Place.EMBEDDED, ScriptableSandbox.DEFAULTS)) {
            Path data = practice.directory().resolve("data");
            Path other = practice.directory().resolve("other");
            OutsideServers.running().lendPrograms(other);

            Ended check = practice.call("check").with(0);
            Ended enqueue = practice.end(
                            practice.startWith(Map.of("ARCHIVE_DATA_DIR", other.toString()), "enqueue", id(1)))
                    .with(0);
            Ended run = practice.call("run").with(0);
            Ended status = practice.call("status").with(0);

            assertThat(enqueue.err()).contains("There is no archive in " + other + " yet, a new one is created there");
            assertThat(check.out())
                    .contains("empty; the first command that uses it creates the tables", data.toString());
            assertThat(run.err()).doesNotContain("There is no archive");
            assertThat(run.out())
                    .contains("COMPLETED (exit 0): the worklist is empty; fill it with: note-archive enqueue FILE");
            assertThat(practice.provider().calls()).isZero();
            assertThat(status.out())
                    .startsWith("Archive: database embedded in "
                            + data
                            + ", store embedded in "
                            + data
                            + " (bucket note-archive)\n");
        }
    }

    @Test
    void runSucceedsWithoutItsReportWhichIsWrittenLater() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE)) {
            practice.enqueue(3);
            Path data = Files.createDirectories(practice.directory().resolve("data"));
            Path inTheWay = Files.writeString(data.resolve("reports"), "in the way");

            Ended run = practice.call("run", "--summary-json", "-").with(0);

            JsonNode summary = run.json();
            assertThat(summary.path("exit").stringValue()).isEqualTo("COMPLETED");
            assertThat(summary.at("/notes/archived").intValue()).isEqualTo(3);
            assertThat(summary.at("/limits/callsPerSecond").intValue()).isEqualTo(500);
            assertThat(summary.path("report").isNull()).isTrue();
            assertThat(run.err()).contains("COMPLETED (exit 0)", "The report was not written");

            Files.delete(inTheWay);
            String printed = practice.call("report").with(0).out().strip();
            Path report = Path.of(printed.lines().reduce((_, last) -> last).orElseThrow());
            assertThat(report.getParent()).isEqualTo(inTheWay);
            PageChecks.assertValid(Files.readString(report));
            assertThat(report).content().contains("3 notes archived").doesNotContain(practice.secrets());
        }
    }

    @Test
    void runPublishesItsNightAndSucceedsIfThatFails() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            practice.environment().put("ARCHIVE_PUBLISH_ENABLED", "true");
            practice.enqueue(3);
            Ended first = practice.call("run").with(0);
            practice.enqueue(practice.provider().noteIds(6));
            archive.execute("ALTER TABLE iceberg_tables ADD CHECK (previous_metadata_location IS NULL) NOT VALID");

            Ended failed = practice.call("run").with(0);
            archive.execute(
                    "ALTER TABLE iceberg_tables DROP CONSTRAINT iceberg_tables_previous_metadata_location_check");
            String published = practice.call("publish").with(0).out();

            assertThat(first.out()).containsPattern("publish   captures? 3, |publish   notes 3, ");
            assertThat(failed.out()).contains("publish   failed: ", "; repeat it with note-archive publish");
            assertThat(failed.err()).contains("The tables were not published; the next publish continues");
            assertThat(published).containsPattern("notes +6 ");
        }
    }

    @Test
    void unknownPersonIsRecordedWithAWarning() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            String unknown = "5f0123456789abcdef012345";

            Ended preview = practice.call("forget", "--author", unknown).with(0);
            Ended done = practice.call("forget", "--author", unknown, "--yes").with(0);

            assertThat(preview.out()).contains("nothing of this person was found: check that \"" + unknown + "\"");
            assertThat(done.out())
                    .contains("nothing of this person was found: check that \"" + unknown + "\"", "It is recorded");
            archive.assertNumber("SELECT count(*) FROM forgotten_author", 1);
        }
    }

    @Test
    void secondRunEndsWithFiveAndOtherCommandsWork() throws Exception {
        // other processes join the embedded servers of the run
        try (Practice practice = Practice.begin(Place.EMBEDDED)) {
            ScriptableSandbox provider = practice.provider();
            // equally due notes are claimed in the order of their ids
            String inProgress =
                    practice.enqueue(20).stream().sorted().findFirst().orElseThrow();
            String late = provider.noteIds(21).getLast();
            Program run = practice.startRunWithHeldResponses();

            Program second = practice.start("run");
            Program status = practice.start("status", "--json");
            Ended refused = practice.end(second).with(5);
            JsonNode shown = practice.end(status).with(0).json();
            Program enqueue = practice.start("enqueue", late);
            Program explain = practice.start("explain", inProgress);
            Ended added = practice.end(enqueue).with(0);
            Ended explained = practice.end(explain).with(0);

            assertThat(refused.out()).contains("ALREADY_RUNNING (exit 5): another run of node main is active");
            assertThat(provider.calls()).isEqualTo(Practice.WORKERS);
            assertThat(shown.at("/worklist/0/inProgress").intValue()).isEqualTo(Practice.WORKERS);
            assertThat(shown.at("/runs/0/status").stringValue()).isEqualTo("STARTED");
            assertThat(shown.at("/health/inAWord").stringValue())
                    .contains("a run is active, started ")
                    .doesNotContain("has not said");
            assertThat(added.out()).contains(": 1 new");
            assertThat(explained.out())
                    .contains("Note " + inProgress + " is PENDING")
                    .contains("in progress on node main");
            try (Archive archive = practice.look()) {
                assertThat(archive.executions()).containsExactly("1 STARTED UNKNOWN");
            }

            provider.releaseResponses();
            practice.end(run).with(0);
            assertThat(provider.calls()).isEqualTo(21);
            assertThat(provider.bought()).contains(late).doesNotHaveDuplicates();
            try (Archive archive = practice.look()) {
                assertThat(archive.states()).isEqualTo(Map.of("ARCHIVED", 21L));
                assertThat(archive.executions()).containsExactly("1 COMPLETED COMPLETED");
            }
        }
    }
}
