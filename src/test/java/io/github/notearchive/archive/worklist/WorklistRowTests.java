package io.github.notearchive.archive.worklist;

import static io.github.notearchive.archive.worklist.NoteState.ARCHIVED;
import static io.github.notearchive.archive.worklist.NoteState.FAILED;
import static io.github.notearchive.archive.worklist.NoteState.PENDING;
import static io.github.notearchive.archive.worklist.NoteState.POSTPONED;
import static io.github.notearchive.archive.worklist.NoteState.UNAVAILABLE;
import static io.github.notearchive.archive.worklist.StateReason.MEDIA_PENDING;
import static io.github.notearchive.archive.worklist.StateReason.NOTE_ABSENT;
import static io.github.notearchive.archive.worklist.StateReason.NOT_FOUND;
import static io.github.notearchive.archive.worklist.StateReason.PROVIDER_ERROR;
import static io.github.notearchive.archive.worklist.StateReason.REJECTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.RefreshResult;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistRow.Counters;
import io.github.notearchive.archive.worklist.WorklistRow.Origin;
import io.github.notearchive.archive.worklist.WorklistRow.Refresh;
import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;

/** The table of the state machine: each transition from each kind of row. */
class WorklistRowTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final Instant BEFORE = NOW.minus(Duration.ofDays(3));
    private static final Instant LATER = NOW.plus(Duration.ofDays(30));
    private static final Night TONIGHT = Night.of(NOW);
    private static final Night TOMORROW = Night.of(TONIGHT.ends());
    private static final LocalDate LAST_NIGHT = TONIGHT.date().minusDays(1);

    private static final Origin ORIGIN = new Origin(7, "list", BEFORE.minusSeconds(1));
    private static final Counters FRESH = new Counters(0, 0, 0, 0, null);
    private static final Counters OF_TONIGHT = new Counters(6, 2, 5, 1, TONIGHT.date());
    private static final Counters OF_LAST_NIGHT = new Counters(6, 2, 5, 1, LAST_NIGHT);
    private static final Refresh UNPLANNED = new Refresh(9, null, null, 0);
    private static final Refresh PLANNED = new Refresh(9, LAST_NIGHT, TONIGHT.date(), 1);

    private static final WorklistRow NEW =
            new WorklistRow(PENDING, false, BEFORE, null, null, null, null, null, FRESH, UNPLANNED, ORIGIN);
    private static final WorklistRow WAITING = new WorklistRow(
            POSTPONED, true, BEFORE, 0, MEDIA_PENDING, "m", LAST_NIGHT, BEFORE, OF_TONIGHT, UNPLANNED, ORIGIN);
    private static final WorklistRow REFRESHED = new WorklistRow(
            ARCHIVED, true, LATER, 0, NOTE_ABSENT, "r", LAST_NIGHT, BEFORE, OF_LAST_NIGHT, PLANNED, ORIGIN);

    static Stream<Arguments> transitions() {
        return Stream.of(
                arguments(
                        "archive a new note",
                        NEW,
                        to(ARCHIVED, Counter.NONE, null, 0, null, null, null, false),
                        row(ARCHIVED, false, null, 0, null, null, new Counters(0, 0, 0, 0, TONIGHT.date()), UNPLANNED)),
                arguments(
                        "archive with a lesser rendition",
                        WAITING,
                        to(ARCHIVED, Counter.NONE, LATER, 0, null, null, null, true),
                        row(ARCHIVED, true, LATER, 0, null, null, OF_TONIGHT, UNPLANNED)),
                arguments(
                        "postpone for the provider, first attempt of the night",
                        new WorklistRow(
                                POSTPONED,
                                false,
                                BEFORE,
                                301,
                                PROVIDER_ERROR,
                                "p",
                                null,
                                BEFORE,
                                OF_LAST_NIGHT,
                                UNPLANNED,
                                ORIGIN),
                        to(POSTPONED, Counter.CALL, LATER, 301, PROVIDER_ERROR, "again", TONIGHT, false),
                        row(
                                POSTPONED,
                                false,
                                LATER,
                                301,
                                PROVIDER_ERROR,
                                "again",
                                new Counters(7, 1, 5, 0, TONIGHT.date()),
                                UNPLANNED)),
                arguments(
                        "postpone for media, further attempt of the night",
                        WAITING,
                        to(POSTPONED, Counter.MEDIA, LATER, 0, MEDIA_PENDING, "again", null, true),
                        row(
                                POSTPONED,
                                true,
                                LATER,
                                0,
                                MEDIA_PENDING,
                                "again",
                                new Counters(6, 2, 6, 2, TONIGHT.date()),
                                UNPLANNED)),
                arguments(
                        "fail",
                        WAITING,
                        to(FAILED, Counter.CALL, null, 400, REJECTED, "bad id", null, false),
                        row(
                                FAILED,
                                false,
                                null,
                                400,
                                REJECTED,
                                "bad id",
                                new Counters(7, 3, 5, 1, TONIGHT.date()),
                                UNPLANNED)),
                arguments(
                        "archive a new response of a refresh; its plan follows from the response",
                        REFRESHED,
                        to(ARCHIVED, Counter.NONE, null, 0, null, null, null, false),
                        row(
                                ARCHIVED,
                                false,
                                null,
                                0,
                                null,
                                null,
                                new Counters(6, 0, 5, 0, TONIGHT.date()),
                                new Refresh(9, LAST_NIGHT, null, 0))),
                arguments(
                        "postpone a refresh; the note keeps response, due time and counters",
                        REFRESHED,
                        new RefreshResult(ARCHIVED, TOMORROW, 2, 301, PROVIDER_ERROR, "later", TONIGHT, false),
                        row(
                                ARCHIVED,
                                true,
                                LATER,
                                301,
                                PROVIDER_ERROR,
                                "later",
                                OF_LAST_NIGHT,
                                new Refresh(9, LAST_NIGHT, TOMORROW.date(), 2))),
                arguments(
                        "postpone a refresh with a response that is processed then",
                        REFRESHED,
                        new RefreshResult(ARCHIVED, TOMORROW, 2, 0, PROVIDER_ERROR, "held", TONIGHT, true),
                        row(
                                ARCHIVED,
                                true,
                                TOMORROW.begins(),
                                0,
                                PROVIDER_ERROR,
                                "held",
                                OF_LAST_NIGHT,
                                new Refresh(9, LAST_NIGHT, TOMORROW.date(), 2))),
                arguments(
                        "refresh a note that is no longer available",
                        REFRESHED,
                        new RefreshResult(UNAVAILABLE, TOMORROW, 0, 201, NOT_FOUND, "gone", TONIGHT, false),
                        row(
                                UNAVAILABLE,
                                false,
                                null,
                                201,
                                NOT_FOUND,
                                "gone",
                                OF_LAST_NIGHT,
                                new Refresh(9, LAST_NIGHT, TOMORROW.date(), 0))));
    }

    private static StateTransition to(
            NoteState state,
            Counter counter,
            @Nullable Instant due,
            Integer code,
            @Nullable StateReason reason,
            @Nullable String detail,
            @Nullable Night missing,
            boolean held) {
        return new StateTransition(state, counter, due, code, reason, detail, missing, held);
    }

    /** The expected row; its missing night is that of the transition. */
    private static WorklistRow row(
            NoteState state,
            boolean held,
            @Nullable Instant due,
            @Nullable Integer code,
            @Nullable StateReason reason,
            @Nullable String detail,
            Counters counters,
            Refresh refresh) {
        return new WorklistRow(state, held, due, code, reason, detail, null, NOW, counters, refresh, ORIGIN);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void transitionDeterminesAllColumns(String name, WorklistRow before, Transition transition, WorklistRow after) {
        WorklistRow applied = before.apply(transition, NOW);

        assertThat(applied)
                .usingRecursiveComparison()
                .ignoringFields("missingNight")
                .isEqualTo(after);
        Night missing = switch (transition) {
            case StateTransition to -> to.missingNight();
            case RefreshResult to -> to.missingNight();
            case Transition.CompletedByWaiver _, Transition.FileLost _ -> null;
        };
        assertThat(applied.missingNight()).isEqualTo(missing == null ? null : missing.date());
    }

    @Test
    void waiverAndLostFileKeepCountersAndPlan() {
        WorklistRow waived = WAITING.apply(new Transition.CompletedByWaiver(), NOW);
        WorklistRow lost = REFRESHED.apply(new Transition.FileLost("lost"), NOW);

        assertThat(waived)
                .isEqualTo(new WorklistRow(
                        ARCHIVED, false, null, 0, null, null, LAST_NIGHT, NOW, OF_TONIGHT, UNPLANNED, ORIGIN));
        assertThat(lost)
                .isEqualTo(new WorklistRow(
                        POSTPONED,
                        true,
                        NOW,
                        0,
                        MEDIA_PENDING,
                        "lost",
                        LAST_NIGHT,
                        BEFORE,
                        OF_LAST_NIGHT,
                        PLANNED,
                        ORIGIN));
    }

    @Test
    void changesOfOthersDuringTheClaimAreKept() {
        WorklistRow settled = REFRESHED.apply(
                new RefreshResult(ARCHIVED, TOMORROW, 2, 301, PROVIDER_ERROR, "later", TONIGHT, false), NOW);
        Origin raised = new Origin(9, "list", ORIGIN.enqueuedAt());

        WorklistRow samePlan = settled.withChanges(REFRESHED, current(new Refresh(3, null, TONIGHT.date(), 1), raised));
        WorklistRow newPlan = settled.withChanges(
                REFRESHED, current(new Refresh(3, null, TOMORROW.date().plusDays(3), 0), raised));

        assertThat(samePlan.refresh()).isEqualTo(new Refresh(3, null, TOMORROW.date(), 2));
        assertThat(newPlan.refresh())
                .isEqualTo(new Refresh(3, null, TOMORROW.date().plusDays(3), 0));
        assertThat(newPlan.origin()).isEqualTo(raised);
        assertThat(newPlan.detail()).isEqualTo("later");
    }

    private static WorklistRow current(Refresh refresh, Origin origin) {
        return new WorklistRow(
                ARCHIVED, true, LATER, 0, NOTE_ABSENT, "r", LAST_NIGHT, BEFORE, OF_LAST_NIGHT, refresh, origin);
    }

    static WorklistRow archived(Refresh refresh) {
        return current(refresh, ORIGIN);
    }

    @Test
    void jsonHasAllColumnsInOneObject() {
        JsonMapper json = JsonMapper.shared();

        assertThat(json.valueToTree(REFRESHED).propertyNames())
                .containsExactlyInAnyOrder(
                        "state",
                        "priority",
                        "source",
                        "enqueuedAt",
                        "attempts",
                        "attemptsTonight",
                        "mediaAttempts",
                        "mediaAttemptsTonight",
                        "countedNight",
                        "missingNight",
                        "responseHeld",
                        "dueAt",
                        "lastCode",
                        "reason",
                        "detail",
                        "settledAt",
                        "refreshDays",
                        "refreshOn",
                        "refreshNight",
                        "refreshAttempts");
        assertThat(json.readValue(json.writeValueAsBytes(REFRESHED), WorklistRow.class))
                .isEqualTo(REFRESHED);
    }

    @Test
    void invalidRowsAreRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new WorklistRow(FAILED, false, null, 0, null, null, null, NOW, FRESH, UNPLANNED, ORIGIN))
                .withMessage("state FAILED requires a reason");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new WorklistRow(POSTPONED, false, null, 0, REJECTED, null, null, NOW, FRESH, UNPLANNED, ORIGIN))
                .withMessage("state POSTPONED requires a due time");
        assertThatIllegalArgumentException().isThrownBy(() -> new Counters(-1, 0, 0, 0, null));
        assertThatIllegalArgumentException().isThrownBy(() -> new Refresh(0, null, null, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Origin(10, "list", NOW));
    }
}
