package io.github.notearchive.nightly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.archive.worklist.RefreshPlan.ValueClass;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.plan.NightPlanner;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.RefreshProperties.RefreshOrder;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.SandboxNoteKind;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.test.context.TestPropertySource;
import org.springframework.transaction.PlatformTransactionManager;
import tools.jackson.databind.node.ObjectNode;

/** Refreshes ordered by value, within the calls that are left for them. */
@BesideNightlyJobTest
@TestPropertySource(
        properties = {
            "archive.workers=4",
            "archive.refresh.enabled=true",
            "archive.refresh.gaps=1d",
            "archive.refresh.calls-per-night=3",
            "archive.refresh.order=value"
        })
class RefreshOrderTests extends NightFixture {

    @Autowired
    NightPlanner planner;

    @Autowired
    PlatformTransactionManager transactions;

    @Test
    void notesThatGrowWereEditedOrMayVanishAreRefreshedFirst() {
        List<String> notes = night.provider().noteIds(SandboxNoteKind.TEXT, 6);
        notes.forEach(note -> answers(note, _ -> {}));
        night.pending(notes);
        night.run(ExitCode.COMPLETED);
        night.update("UPDATE worklist SET refresh_night = refresh_night + 1"); // none is refreshed on the second day
        night.isNextDay();
        String plain = notes.get(0);
        String popular = notes.get(1);
        String edited = notes.get(2);
        String checked = notes.get(3);
        answers(popular, note -> note.put("liked_count", 5_000));
        answers(edited, note -> note.put("title", "another title"));
        answers(checked, note -> note.put("in_censor", true));
        night.enqueue(List.of(popular, edited, checked), 5, null, night.today().date());
        night.run(ExitCode.COMPLETED);
        assertThat(night.rows("api_call WHERE refresh")).isEqualTo(3);
        night.isNextDay();

        List<ValueClass> classes = planner.plan().refreshesByValue();

        assertThat(classes)
                .extracting(ValueClass::value, ValueClass::notes, ValueClass::edits, ValueClass::signs)
                .containsExactly(tuple(4, 1L, 0, 0), tuple(2, 1L, 0, 2), tuple(1, 1L, 1, 0), tuple(0, 3L, 0, 0));
        assertThat(classes.getFirst().first()).hasToString(popular);
        assertThat(classes.getFirst().growth()).isGreaterThan(1_000);
        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.refreshes().bill().calls()).isEqualTo(3);
        assertThat(night.texts("SELECT note_id FROM api_call WHERE refresh ORDER BY sent_at DESC LIMIT 3"))
                .as("those that have been due longer wait")
                .containsExactlyInAnyOrder(popular, checked, edited)
                .doesNotContain(plain);
    }

    @Test
    void notesOfAnAuthorWhoseNotesVanishAreWorthMore() {
        List<String> notes = night.pending(SandboxNoteKind.TEXT, 2);
        notes.forEach(note -> answers(note, _ -> {}));
        night.run(ExitCode.COMPLETED);
        night.update("UPDATE note SET author_id = (SELECT min(author_id) FROM author)");
        night.update(
                "UPDATE worklist SET state = 'UNAVAILABLE', reason = 'NOT_FOUND', refresh_night = NULL WHERE note_id = ?",
                notes.getLast());

        plan(RefreshOrder.AGE);
        assertThat(value(notes.getFirst())).isZero();
        plan(RefreshOrder.VALUE);
        assertThat(value(notes.getFirst())).isOne();
        plan(RefreshOrder.AGE);
        assertThat(value(notes.getFirst())).isZero();
    }

    @Test
    void notesThatVanishedComeLast() {
        String note = night.pending(SandboxNoteKind.TEXT, 1).getFirst();
        answers(note, popular -> popular.put("liked_count", 5_000_000));
        night.run(ExitCode.COMPLETED);
        assertThat(value(note)).isEqualTo(4);
        night.isNextDay();
        night.script().answers(note, Reply.code(201));

        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(NoteState.UNAVAILABLE);
        assertThat(value(note)).isZero();
    }

    private void plan(RefreshOrder order) {
        var settings = new RefreshProperties(true, List.of(), List.of(Duration.ofDays(2)), 0.2, 0, order);
        int _ = new RefreshPlan(night.sql(), settings, night.clock(), transactions).planAllIfChanged();
    }

    private long value(String note) {
        return night.count("SELECT refresh_value FROM worklist WHERE note_id = ?", note);
    }

    /** Lets the provider answer with a note that has no counts, was never edited and is old, except for a change. */
    private void answers(String id, Consumer<ObjectNode> change) {
        night.script().answers(id, Reply.noteWith(note -> {
            for (String count : List.of("liked_count", "collected_count", "comments_count", "shared_count")) {
                note.put(count, 0);
            }
            change.accept(note);
        }));
    }
}
