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
import static io.github.notearchive.archive.worklist.Transition.Cause.because;
import static io.github.notearchive.archive.worklist.Transition.StateTransition.failed;
import static io.github.notearchive.archive.worklist.Transition.StateTransition.postponed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.notearchive.archive.worklist.Transition.Cause;
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

    /** Name, row, transition, and {@link #describe description} of the row after it. */
    static Stream<Arguments> transitions() {
        WorklistRow ofLastNight = new WorklistRow(
                POSTPONED, false, BEFORE, 301, PROVIDER_ERROR, "p", null, BEFORE, OF_LAST_NIGHT, UNPLANNED, ORIGIN);
        return Stream.of(
                arguments(
                        "archive a new note",
                        NEW,
                        StateTransition.archived(null, Cause.NONE),
                        "ARCHIVED, due null, 0 null null, attempts 0/0 0/0 of tonight, refresh null after 0"),
                arguments(
                        "archive with a lesser rendition",
                        WAITING,
                        StateTransition.archived(LATER, Cause.NONE.withResponseHeld(true)),
                        "ARCHIVED held, due later, 0 null null, attempts 6/2 5/1 of tonight, refresh null after 0"),
                arguments(
                        "postpone for the provider, first attempt of the night",
                        ofLastNight,
                        postponed(
                                        LATER,
                                        because(PROVIDER_ERROR, "again")
                                                .withCode(301)
                                                .withMissingNight(TONIGHT))
                                .counting(Counter.CALL),
                        "POSTPONED, due later, 301 PROVIDER_ERROR again, attempts 7/1 5/0 of tonight, refresh null after 0"),
                arguments(
                        "postpone for media, further attempt of the night",
                        WAITING,
                        postponed(LATER, because(MEDIA_PENDING, "again").withResponseHeld(true))
                                .counting(Counter.MEDIA),
                        "POSTPONED held, due later, 0 MEDIA_PENDING again, attempts 6/2 6/2 of tonight, refresh null after 0"),
                arguments(
                        "fail",
                        WAITING,
                        failed(because(REJECTED, "bad id").withCode(400)).counting(Counter.CALL),
                        "FAILED, due null, 400 REJECTED bad id, attempts 7/3 5/1 of tonight, refresh null after 0"),
                arguments(
                        "archive a new response of a refresh; its plan follows from the response",
                        REFRESHED,
                        StateTransition.archived(null, Cause.NONE),
                        "ARCHIVED, due null, 0 null null, attempts 6/0 5/0 of tonight, refresh null after 0"),
                arguments(
                        "complete by a waiver; counters and plan are kept",
                        WAITING,
                        new Transition.CompletedByWaiver(),
                        "ARCHIVED, due null, 0 null null, attempts 6/2 5/1 of tonight, refresh null after 0"),
                arguments(
                        "lose a file; counters and plan are kept",
                        REFRESHED,
                        new Transition.FileLost("lost"),
                        "POSTPONED held, due now, 0 MEDIA_PENDING lost, attempts 6/2 5/1 of yesterday, refresh tonight after 1"),
                arguments(
                        "postpone a refresh; the note keeps response, due time and counters",
                        REFRESHED,
                        new RefreshResult(
                                ARCHIVED,
                                TOMORROW,
                                2,
                                because(PROVIDER_ERROR, "later").withCode(301).withMissingNight(TONIGHT)),
                        "ARCHIVED held, due later, 301 PROVIDER_ERROR later, attempts 6/2 5/1 of yesterday, refresh tomorrow after 2"),
                arguments(
                        "postpone a refresh with a response that is processed then",
                        REFRESHED,
                        new RefreshResult(
                                ARCHIVED,
                                TOMORROW,
                                2,
                                because(PROVIDER_ERROR, "held")
                                        .withMissingNight(TONIGHT)
                                        .withResponseHeld(true)),
                        "ARCHIVED held, due tomorrow, 0 PROVIDER_ERROR held, attempts 6/2 5/1 of yesterday, refresh tomorrow after 2"),
                arguments(
                        "refresh a note that is no longer available",
                        REFRESHED,
                        new RefreshResult(
                                UNAVAILABLE,
                                TOMORROW,
                                0,
                                because(NOT_FOUND, "gone").withCode(201).withMissingNight(TONIGHT)),
                        "UNAVAILABLE, due null, 201 NOT_FOUND gone, attempts 6/2 5/1 of yesterday, refresh tomorrow after 0"));
    }

    private static String describe(WorklistRow row) {
        Counters counters = row.counters();
        return "%s%s, due %s, %s %s %s, attempts %d/%d %d/%d of %s, refresh %s after %d"
                .formatted(
                        row.state(),
                        row.responseHeld() ? " held" : "",
                        row.dueAt(),
                        row.lastCode(),
                        row.reason(),
                        row.detail(),
                        counters.attempts(),
                        counters.attemptsTonight(),
                        counters.mediaAttempts(),
                        counters.mediaAttemptsTonight(),
                        counters.countedNight(),
                        row.refresh().refreshNight(),
                        row.refresh().refreshAttempts())
                .replace(NOW.toString(), "now")
                .replace(LATER.toString(), "later")
                .replace(TOMORROW.begins().toString(), "tomorrow")
                .replace(TOMORROW.toString(), "tomorrow")
                .replace(TONIGHT.toString(), "tonight")
                .replace(LAST_NIGHT.toString(), "yesterday");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void transitionDeterminesAllColumns(String name, WorklistRow before, Transition transition, String after) {
        WorklistRow applied = before.apply(transition, NOW);

        assertThat(describe(applied)).isEqualTo(after);
        assertThat(applied.settledAt()).isEqualTo(transition instanceof Transition.FileLost ? BEFORE : NOW);
        assertThat(applied.origin()).isEqualTo(ORIGIN);
        assertThat(applied.refresh().refreshDays()).isEqualTo(9);
        assertThat(applied.refresh().refreshOn()).isEqualTo(before.refresh().refreshOn());
        Night missing = switch (transition) {
            case StateTransition to -> to.cause().missingNight();
            case RefreshResult to -> to.cause().missingNight();
            case Transition.CompletedByWaiver _, Transition.FileLost _ -> new Night(LAST_NIGHT);
        };
        assertThat(applied.missingNight()).isEqualTo(missing == null ? null : missing.date());
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

        assertThat(String.join(" ", json.valueToTree(REFRESHED).propertyNames()).split(" "))
                .containsExactlyInAnyOrder(
                        ("state priority source enqueuedAt attempts attemptsTonight mediaAttempts mediaAttemptsTonight"
                                        + " countedNight missingNight responseHeld dueAt lastCode reason detail settledAt"
                                        + " refreshDays refreshOn refreshNight refreshAttempts")
                                .split(" "));
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
