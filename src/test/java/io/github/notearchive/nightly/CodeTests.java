package io.github.notearchive.nightly;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.archive.worklist.NoteState.UNAVAILABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.notearchive.archive.query.NoteStats.CallEntry;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.Billed;
import io.github.notearchive.sandbox.Reply;
import io.github.notearchive.sandbox.ScriptableSandbox.CallSeen;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Results of the provider's codes for a note and its run. */
@NightlyJobTest
class CodeTests extends NightFixture {

    @Test
    void availableNotesAreArchivedByOneCallEach() {
        List<String> notes = night.pending(5);
        night.script().always(notes.getLast(), Reply.code(0, 500)); // the code counts, not the status

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.exitCode().number()).isZero();
        night.assertBoughtOnce(notes);
        night.assertArchived(notes, 5);
        night.assertExecution("COMPLETED", "COMPLETED");
        assertThat(night.readAndWritten(run.execution())).containsExactly(5L, 5L);
        assertThat(night.note(notes.getFirst())).satisfies(note -> {
            assertThat(note.dueAt()).isNull();
            assertThat(note.lastCode()).isZero();
            assertThat(note.reason()).isNull();
            assertThat(note.attempts()).isZero();
            assertThat(note.claimedBy()).isNull();
            assertThat(note.settledBy()).isEqualTo(run.execution());
        });
        assertThat(night.ledger(notes.getFirst())).singleElement().satisfies(call -> {
            assertThat(call.billed()).isEqualTo(Billed.YES);
            assertThat(call.jobExecutionId()).isEqualTo(run.execution());
            assertThat(call.responseHeld()).isTrue();
        });
        assertThat(run.bill().calls()).isEqualTo(5);
        assertThat(run.bill().billed()).isEqualTo(5);
    }

    @Test
    void nothingDueIsCompletedWithoutACall() {
        night.run(ExitCode.COMPLETED);

        assertThat(night.calls()).isZero();
        assertThat(night.exitCodes()).containsExactly("COMPLETED");
    }

    @Test
    void successWithoutTheNoteIsFetchedOnceMoreOnALaterNightAndThenUnavailable() {
        List<String> notes = night.pending(2);
        String other = night.provider().noteIds(50).getLast();
        night.script().always(notes.getFirst(), Reply.json("{\"code\":0,\"message\":\"SUCCESS\",\"data\":[]}"));
        night.script().always(notes.getLast(), Reply.noteWith(note -> note.put("id", other)));

        night.run(ExitCode.INCOMPLETE);

        night.assertExecution("COMPLETED", "INCOMPLETE");
        assertThat(notes).allSatisfy(note -> {
            assertThat(night.note(note))
                    .returns(POSTPONED, WorklistEntry::state)
                    .returns(night.midnight(), WorklistEntry::dueAt)
                    .returns(0, WorklistEntry::attempts)
                    .returns(0, WorklistEntry::lastCode);
            assertThat(night.bills(note)).containsExactly("YES");
        });

        night.run(ExitCode.COMPLETED);
        assertThat(night.calls()).isEqualTo(2);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertThat(night.states(notes)).containsOnly(UNAVAILABLE);
        assertThat(night.calls()).isEqualTo(4);
        assertThat(notes)
                .allSatisfy(note -> assertThat(night.note(note).dueAt())
                        .isBetween(
                                night.clock().instant().plus(Duration.ofDays(29)),
                                night.clock().instant().plus(Duration.ofDays(30))));
    }

    @Test
    void successWithoutTheNoteAcrossMidnightConfirmsNothing() throws Exception {
        String note = night.pending(1).getFirst();
        night.script().always(note, Reply.json("{\"code\":0,\"data\":[]}"));
        CompletableFuture<RunSummary> run = night.runUntilHeld(1);

        night.midnightPassesBeforeTheResponseIsWritten();
        ended(run, ExitCode.INCOMPLETE);

        assertThat(night.state(note)).isEqualTo(POSTPONED);
        assertThat(night.calls()).isOne();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        assertThat(night.calls()).isEqualTo(2);
    }

    @Test
    void successesWithoutTheirNotesAreCountedInOneWarning() {
        List<String> notes = night.pending(5);
        notes.forEach(note -> night.script().always(note, Reply.json("{\"code\":0,\"data\":[]}")));
        var warnings = new ListAppender<ILoggingEvent>();
        warnings.start();
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        root.addAppender(warnings);

        night.run(ExitCode.INCOMPLETE);
        root.detachAppender(warnings);

        assertThat(warnings.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .filteredOn(line -> line.contains("without the note"))
                .singleElement(STRING)
                .matches("5 responses without the note, such as (\\w{24}(, )?){3}; list them: .*");
    }

    @Test
    void failedCollectionInBetweenDoesNotResetSuccessWithoutTheNote() {
        String note = night.pending(1).getFirst();
        Reply empty = Reply.json("{\"code\":0,\"data\":[]}");
        night.script().answers(note, empty, Reply.code(301), empty);
        night.run(ExitCode.INCOMPLETE);

        night.isNextDay();
        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(UNAVAILABLE);
        assertThat(night.calls(note)).isEqualTo(3);
    }

    @Test
    void absentNoteIsUnavailableUntilItsNextCheck() {
        List<String> notes = night.pending(3);
        night.script().always(notes.get(0), Reply.code(201));
        night.script().always(notes.get(1), Reply.code(202));
        night.script().always(notes.get(2), Reply.code(404));

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(run.notes().unavailable()).isEqualTo(3);
        assertThat(notes).extracting(note -> night.note(note).lastCode()).containsExactly(201, 202, 404);
        assertThat(notes)
                .extracting(night::bills)
                .containsExactly(List.of("YES"), List.of("UNKNOWN"), List.of("UNKNOWN"));

        night.isDaysLater(29);
        night.run(ExitCode.COMPLETED);
        assertThat(night.states(notes)).containsOnly(UNAVAILABLE);
        assertThat(night.calls()).isEqualTo(3);

        night.isDaysLater(2);
        night.script().clear();
        night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, 6);
    }

    @Test
    void failedCollectionIsRetriedInTheSameRun() {
        List<String> notes = night.pending(1);
        String note = notes.getFirst();
        night.script().answers(note, Reply.code(301), Reply.code(301), Reply.normal());

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.calls(note)).isEqualTo(3);
        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.note(note).attempts()).isEqualTo(2);
        assertThat(night.note(note).attemptsTonight()).isEqualTo(2);
        assertThat(night.bills(note)).containsExactly("NO", "NO", "YES");
        assertThat(run.notes().postponed()).isEqualTo(2);
        assertThat(night.readAndWritten(run.execution())).containsExactly(3L, 3L);
        List<CallEntry> calls = night.ledger(note);
        for (int retry = 1; retry <= 2; retry++) {
            assertThat(Duration.between(
                            calls.get(retry - 1).receivedAt(), calls.get(retry).sentAt()))
                    .as("20 ms and 40 ms, each a fifth more or less")
                    .isGreaterThanOrEqualTo(Duration.ofMillis(15 * retry));
        }
    }

    @Test
    void failedCollectionIsPostponedToTheNextNightAfterFiveCallsAndFailsAfterTwentyFive() {
        String note = night.pending(1).getFirst();
        night.script().always(note, Reply.code(301));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls(note)).isEqualTo(5);
        assertThat(night.note(note))
                .returns(POSTPONED, WorklistEntry::state)
                .returns(5, WorklistEntry::attempts)
                .returns(5, WorklistEntry::attemptsTonight)
                .returns(301, WorklistEntry::lastCode)
                .returns(night.midnight(), WorklistEntry::dueAt);

        night.run(ExitCode.COMPLETED);
        assertThat(night.calls(note)).isEqualTo(5);

        night.isNextDay();
        night.update("UPDATE worklist SET attempts = 23");
        night.run(ExitCode.INCOMPLETE);

        assertThat(night.calls(note)).isEqualTo(7);
        night.assertNote(note, FAILED, StateReason.RETRIES_EXHAUSTED, "25");
        assertThat(night.note(note).attempts()).isEqualTo(25);
        assertThat(night.note(note).attemptsTonight()).isEqualTo(2);
        assertThat(night.note(note).dueAt()).isNull();
        assertThat(night.instances()).hasSize(3);

        night.script().clear();
        night.requeue(note);
        assertThat(night.note(note).attempts()).isZero();
        night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls(note)).isEqualTo(8);
    }

    @ParameterizedTest
    @CsvSource({"302, 990", "429, 1990"})
    void throttledNoteIsReleasedAndFetchedAgainAfterAPause(int code, long pauseMillis) {
        String note = night.pending(1).getFirst();
        Reply bare = Reply.raw(429, "text/html", bytes("<h1>Too many</h1>"));
        night.script().answers(note, code == 429 ? bare.header("Retry-After", "2") : Reply.code(code), Reply.normal());

        RunSummary run = night.run(ExitCode.COMPLETED);

        assertThat(night.state(note)).isEqualTo(ARCHIVED);
        assertThat(night.calls(note)).isEqualTo(2);
        assertThat(run.notes().released()).isEqualTo(1);
        assertThat(run.notes().postponed()).isZero();
        assertThat(night.note(note).attempts()).isZero();
        assertThat(night.bills(note)).containsExactly("NO", "YES");
        List<CallSeen> calls = night.provider().callsSeen();
        assertThat(Duration.between(calls.get(0).at(), calls.get(1).at()))
                .isGreaterThan(Duration.ofMillis(pauseMillis));
    }

    @ParameterizedTest
    @CsvSource({"100, BLOCKED_TOKEN", "600, BLOCKED_PERMISSION", "601, BLOCKED_BALANCE", "602, BLOCKED_BALANCE"})
    void blockedAccountEndsTheRunAndLeavesEveryNoteAsItWas(int code, ExitCode exitCode) {
        List<String> notes = night.pending(40);
        night.script().answersAll(Reply.code(code));

        RunSummary blocked = night.run(exitCode);

        assertThat(blocked.exitCode().number()).isEqualTo(4);
        assertThat(blocked.reason()).contains(String.valueOf(code));
        night.assertExecution("STOPPED", exitCode.name());
        assertThat(night.executions().getFirst().message()).contains(String.valueOf(code));
        night.assertUntouched(notes);
        assertThat(night.calls()).isBetween(1, 32).isEqualTo(night.provider().answered(code));

        int refused = night.calls();
        night.script().clear();
        RunSummary later = night.run(ExitCode.COMPLETED);

        assertThat(later.restart()).isTrue();
        assertThat(night.instances()).hasSize(1);
        night.assertArchived(notes, refused + 40);
    }

    @Test
    void rejectedRequestFailsPermanentlyWithItsReason() {
        List<String> notes = night.pending(2);
        night.script().always(notes.getFirst(), Reply.code(400));

        night.run(ExitCode.INCOMPLETE);

        assertThat(night.state(notes.getLast())).isEqualTo(ARCHIVED);
        night.assertNote(notes.getFirst(), FAILED, StateReason.REJECTED, "PARAMETER ERROR");
        assertThat(night.note(notes.getFirst()).lastCode()).isEqualTo(400);
        assertThat(night.note(notes.getFirst()).dueAt()).isNull();
        assertThat(night.calls()).isEqualTo(2);
        assertThat(night.bills(notes.getFirst())).containsExactly("NO");
    }

    /** A failed call, with its row in the ledger. */
    private record FailedCall(
            String kind, Reply reply, @Nullable Integer code, Billed billed, boolean isHeld) {}

    private static final List<FailedCall> FAILED_CALLS = List.of(
            new FailedCall("500", Reply.code(500), 500, Billed.UNKNOWN, false),
            new FailedCall("503", Reply.code(503), 503, Billed.UNKNOWN, false),
            new FailedCall("unknown code", Reply.code(777), 777, Billed.UNKNOWN, false),
            new FailedCall("string", Reply.json("{\"code\":\"301\",\"data\":null}"), 301, Billed.NO, false),
            new FailedCall("301 by HTTP 503", Reply.code(301, 503), 301, Billed.NO, false),
            new FailedCall("HTML", Reply.raw(502, "text/html", bytes("<h1>Bad</h1>")), null, Billed.UNKNOWN, false),
            new FailedCall("HTML with 200", Reply.json("<html>maintenance</html>"), null, Billed.UNKNOWN, true),
            new FailedCall("no code", Reply.json("{\"message\":\"hm\"}"), null, Billed.UNKNOWN, true),
            new FailedCall("code of no kind", Reply.json("{\"code\":[0]}"), null, Billed.UNKNOWN, true),
            new FailedCall("empty", Reply.json(""), null, Billed.UNKNOWN, true),
            new FailedCall("reset", Reply.reset(), null, Billed.UNKNOWN, false),
            new FailedCall("lost", Reply.lost(), null, Billed.UNKNOWN, false),
            new FailedCall("truncated", Reply.truncated(), null, Billed.UNKNOWN, false));

    @Test
    void failedCallOfAnyKindPostponesTheNoteWhichIsFetchedAgainInTheSameRun() {
        List<String> notes = night.pending(FAILED_CALLS.size());
        for (int i = 0; i < notes.size(); i++) {
            night.script().answers(notes.get(i), FAILED_CALLS.get(i).reply, Reply.normal());
        }

        RunSummary run = night.run(ExitCode.COMPLETED);

        night.assertArchived(notes, 2 * notes.size());
        for (int i = 0; i < notes.size(); i++) {
            FailedCall failed = FAILED_CALLS.get(i);
            assertThat(night.ledger(notes.get(i)))
                    .as(failed.kind)
                    .allMatch(call -> call.receivedAt() != null)
                    .extracting(CallEntry::code, CallEntry::billed, CallEntry::responseHeld)
                    .containsExactly(tuple(failed.code, failed.billed, failed.isHeld), tuple(0, Billed.YES, true));
            assertThat(night.note(notes.get(i)).attempts()).as(failed.kind).isEqualTo(1);
        }
        assertThat(run.bill().billingUnknown()).isEqualTo(11);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
