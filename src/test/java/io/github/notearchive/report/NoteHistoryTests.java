package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.SlotRow.SlotState;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.archive.worklist.WorklistStats.StateCount;
import io.github.notearchive.nightly.BesideNightlyJobTest;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.report.NoteHistories.EventKind;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;

/** History of a note: events in order of time, with their reasons. */
@BesideNightlyJobTest
class NoteHistoryTests extends ReportScenario {

    @Autowired
    NoteHistories stories;

    @Autowired
    WorklistRepository worklist;

    @Test
    void postponedNoteIsQueuedFetchedTwiceAndArchived() {
        String note = night.pending(1).getFirst();
        night.script().answers(note, Reply.code(301), Reply.normal());
        RunSummary run = night.run();

        List<NoteHistories.HistoryEvent> events = historyOf(note).events();

        assertThat(events)
                .extracting(NoteHistories.HistoryEvent::kind)
                .containsExactly(EventKind.QUEUED, EventKind.CALL, EventKind.CALL, EventKind.DECIDED);
        assertThat(events.getFirst().what()).isEqualTo("enqueued from \"test\" with priority 5");
        assertThat(events.get(1).what()).containsPattern("^call \\d+: code 301, not billed");
        assertThat(events.get(2).what())
                .contains(
                        " after code 301 of call",
                        "code 0",
                        ", billed, by execution " + run.execution(),
                        "stored as notes/" + note);
        assertThat(events.getLast().what()).isEqualTo("ARCHIVED by execution " + run.execution());
        assertThat(events).isSortedAccordingTo(Comparator.comparing(NoteHistories.HistoryEvent::at));
    }

    @Test
    void requeuedArchivedNoteIsDueSinceThenAndStaysCountedAsArchived() {
        String note = night.pending(2).getFirst();
        RunSummary run = night.run();
        night.isNextDay();
        worklist.requeue(List.of(new NoteId(note)));

        NoteHistories.History due = historyOf(note);

        assertThat(due.requeuedAt()).isEqualTo(due.events().getLast().at());
        assertThat(due.events().getLast().kind()).isEqualTo(EventKind.REQUEUED);
        assertThat(due.events())
                .extracting(NoteHistories.HistoryEvent::what)
                .contains("settled by execution " + run.execution())
                .noneMatch(what -> what.contains("PENDING"));
        assertThat(counts.countByState()).containsExactly(new StateCount(NoteState.ARCHIVED, 2, 1, 0));

        RunSummary again = night.run();
        assertThat(historyOf(note).requeuedAt()).isNull();
        assertThat(historyOf(note).events().getLast().what()).isEqualTo("ARCHIVED by execution " + again.execution());
        assertThat(counts.countByState()).containsExactly(new StateCount(NoteState.ARCHIVED, 2, 0, 0));
    }

    @Test
    void expiredFilesNameTheResultOfEachUrlAndWhyTheResponseWasBoughtAgain() {
        String note = night.pending(SandboxNoteKind.IMAGES, 1).getFirst();
        night.script().media(_ -> true, Reply.status(404));
        night.run();
        assertThat(night.note(note).reason()).isEqualTo(StateReason.URLS_EXPIRED);
        assertThat(night.calls()).isEqualTo(1);
        night.isNextDay();
        night.run();
        assertThat(night.calls()).isEqualTo(2);

        NoteHistories.History story = historyOf(note);

        assertThat(story.files()).isNotEmpty().allSatisfy(file -> {
            assertThat(file.state()).isEqualTo(SlotState.MISSING);
            assertThat(file.tried())
                    .isNotEmpty()
                    .allMatch(tried -> tried.contains("HTTP 404") && tried.contains(" at "));
        });
        assertThat(story.events())
                .filteredOn(event -> event.kind() == EventKind.CALL)
                .last()
                .satisfies(call -> assertThat(call.what()).contains("bought since URLs of call"));
        assertThat(story.events().getLast().what()).contains("FAILED (MEDIA_INCOMPLETE) by execution ");
    }

    @Test
    void fileThatTheNewestResponseDoesNotListIsMarkedWithTheFindingOfTheAudit() {
        String note = night.pending(SandboxNoteKind.VIDEO_COVER, 1).getFirst();
        night.run();
        night.update(
                "UPDATE note_media SET captured_at = captured_at - interval '1 day' WHERE kind IN ('IMAGE', 'VIDEO')");
        night.update("""
                        INSERT INTO fixity_finding (kind, object_key, seen, first_seen, last_seen, resolved_at, job_execution_id)
                        SELECT 'MISSING', object_key, 'no such key', o.stored_at, o.stored_at, o.stored_at, 1
                        FROM note_media JOIN media_object o USING (sha256) WHERE kind = 'IMAGE' AND ordinal = 0
                        """);

        NoteHistories.History story = historyOf(note);

        assertThat(story.files())
                .allSatisfy(file -> assertThat(file.isListed())
                        .isEqualTo(!List.of(MediaKind.IMAGE, MediaKind.VIDEO).contains(file.kind())));
        assertThat(story.events())
                .extracting(NoteHistories.HistoryEvent::what)
                .anyMatch(what -> what.endsWith("not in the newest response"))
                .anyMatch(what -> what.startsWith("an audit found MISSING media/"))
                .anyMatch(what -> what.startsWith("an audit resolved"));
    }

    @Autowired
    WorklistStats counts;

    private NoteHistories.History historyOf(String note) {
        return stories.of(worklist.find(new NoteId(note)).orElseThrow(), Texts.of("en"));
    }
}
