package io.github.notearchive.archive.worklist;

import static io.github.notearchive.archive.worklist.ListedNotes.id;
import static io.github.notearchive.archive.worklist.Transition.Cause.because;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteList;
import io.github.notearchive.archive.worklist.ClaimRepository.Lanes;
import io.github.notearchive.archive.worklist.Transition.Counter;
import io.github.notearchive.archive.worklist.Transition.RefreshResult;
import io.github.notearchive.archive.worklist.Transition.StateTransition;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.archive.worklist.WorklistRow.Counters;
import io.github.notearchive.archive.worklist.WorklistRow.Refresh;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteId;
import java.io.StringReader;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class WorklistRepositoryTests {

    private static final Instant NOW = Instant.parse("2026-11-25T14:00:00Z"); // 22:00 in Shanghai
    private static final String NODE = "main";
    private static final NoteId ID = new NoteId(ListedNotes.id(1));

    private final ListedNotes list = new ListedNotes(NOW);
    private final ClaimRepository claims = list.claims;

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.github.notearchive.archive.worklist.WorklistRowTests#transitions")
    void settleWritesTheRowAndEndsTheClaim(String name, WorklistRow before, Transition transition) {
        list.worklist.restore(ID, before, false);
        WorklistItem claimed = claim(before);
        WorklistRow row = claimed.row().apply(transition, NOW);

        boolean settled = list.settle(claimed, row, 42);

        assertThat(settled).isTrue();
        assertThat(claimed.row()).isEqualTo(before);
        assertThat(list.worklist.row(ID).orElseThrow())
                .usingRecursiveComparison()
                .ignoringFields("refresh")
                .isEqualTo(row);
        WorklistEntry entry = list.entry(1);
        assertThat(entry.settledBy()).isEqualTo(42);
        assertThat(entry.claimedBy()).isNull();
        assertThat(entry.claimedUntil()).isNull();
        assertThat(claims.release(claimed)).isFalse();
        if (transition instanceof RefreshResult) {
            assertThat(entry.refreshNight()).isEqualTo(row.refresh().refreshNight());
            assertThat(entry.refreshAttempts()).isEqualTo(row.refresh().refreshAttempts());
        } else {
            assertThat(entry.refreshNight())
                    .as("left to RefreshPlan")
                    .isEqualTo(before.refresh().refreshNight());
        }
    }

    private WorklistItem claim(WorklistRow before) {
        Lanes lanes = before.refresh().refreshNight() == null ? Lanes.ALL : Lanes.REFRESHES;
        return claims.claim(NODE, lanes).orElseThrow();
    }

    @Test
    void settledRefreshKeepsAPlanMadeSinceTheClaim() {
        LocalDate tonight = Night.of(NOW).date();
        list.worklist.restore(ID, WorklistRowTests.archived(new Refresh(9, null, tonight, 1)), false);
        list.database.update(
                "INSERT INTO note (note_id, first_captured_at, last_captured_at) VALUES (?, ?, ?)",
                ID.value(),
                Timestamp.from(NOW.minus(Duration.ofDays(9))),
                Timestamp.from(NOW.minus(Duration.ofDays(9))));
        WorklistItem claimed = claims.claim(NODE, Lanes.REFRESHES).orElseThrow();
        Enqueuer.Options newPlan = new Enqueuer.Options(null, 5, "operator", 30, tonight.plusDays(5));
        new Enqueuer(list.database.dataSource(), list.clock)
                .enqueue(new StringReader(ID.value()), newPlan, _ -> {}, null);

        boolean settled = list.settle(
                claimed,
                new RefreshResult(
                        NoteState.ARCHIVED,
                        Night.of(Night.of(NOW).ends()),
                        2,
                        because(StateReason.PROVIDER_ERROR, "later").withCode(301)));

        assertThat(settled).isTrue();
        WorklistRow row = list.worklist.row(ID).orElseThrow();
        assertThat(row.detail()).isEqualTo("later");
        assertThat(row.refresh()).isEqualTo(new Refresh(30, tonight.plusDays(5), tonight.plusDays(5), 0));
    }

    @Test
    void settleWithALostClaimWritesNothing() {
        list.pending(1, 5, NOW);
        WorklistItem lost = claims.claim("slow", Lanes.ALL).orElseThrow();
        list.leaseEnds(1);
        WorklistItem taken = list.claim();
        WorklistEntry before = list.entry(1);

        boolean settled = list.settle(lost, NoteState.ARCHIVED, Counter.CALL, null);

        assertThat(settled).isFalse();
        assertThat(claims.release(lost)).isFalse();
        assertThat(list.entry(1)).isEqualTo(before);
        assertThat(list.settle(taken, NoteState.ARCHIVED, Counter.NONE, null)).isTrue();
    }

    @Test
    void detailIsSanitizedForPostgresql() {
        list.pending(1, 5, NOW);

        list.settle(list.claim(), StateTransition.failed(because(StateReason.REJECTED, "a\u0000b\ud83d")));

        assertThat(list.entry(1).detail()).isEqualTo("a\uFFFDb\uFFFD");
    }

    @Test
    void countersOfTheNightRestartAndTotalsDoNot() {
        list.pending(1, 5, NOW);
        list.settleNext(NoteState.POSTPONED, Counter.CALL, NOW);
        list.settleNext(NoteState.POSTPONED, Counter.CALL, NOW);
        list.settleNext(NoteState.POSTPONED, Counter.MEDIA, NOW);
        Night tonight = Night.of(NOW);
        Night nextNight = Night.of(tonight.ends());

        WorklistItem claimed = list.claim();

        assertThat(claimed.countersIn(tonight)).isEqualTo(new Counters(2, 2, 1, 1, tonight.date()));
        assertThat(claimed.countersIn(nextNight)).isEqualTo(new Counters(2, 0, 1, 0, null));
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            ARCHIVED, MEDIA_PENDING, 0
            POSTPONED, MEDIA_PENDING, 0
            POSTPONED, VIDEO_PENDING, 0
            FAILED, MEDIA_INCOMPLETE, 0
            FAILED, WRITE_FAILED, 0
            POSTPONED, PROVIDER_ERROR, 1
            POSTPONED, NOTE_ABSENT, 1
            UNAVAILABLE, NOT_FOUND, 1
            """)
    void noteThatIsFoundAgainIsNoLongerGone(NoteState state, StateReason reason, long gone) {
        list.pending(1, 5, NOW);
        list.settle(list.claim(), settledAs(NoteState.UNAVAILABLE, StateReason.NOT_FOUND));

        list.settle(list.claim(), settledAs(state, reason));

        assertThat(list.database.count("SELECT count(*) FROM worklist WHERE gone_since IS NOT NULL"))
                .isEqualTo(gone);
    }

    private static StateTransition settledAs(NoteState state, StateReason reason) {
        return new StateTransition(state, Counter.NONE, NOW, because(reason, null));
    }

    @Test
    void requeueResetsANote() {
        list.pending(1, 5, NOW);
        Night tonight = Night.of(NOW);
        list.settle(
                list.claim(),
                StateTransition.postponed(
                                NOW, because(StateReason.NOTE_ABSENT, "empty").withMissingNight(tonight))
                        .counting(Counter.CALL));
        list.settleNext(NoteState.FAILED, Counter.MEDIA, null);
        list.now = NOW.plusSeconds(60);

        List<NoteId> requeued = list.worklist.requeue(List.of(new NoteId(id(1)), new NoteId(id(99))));

        assertThat(requeued).containsExactly(new NoteId(id(1)));
        WorklistEntry entry = list.entry(1);
        assertThat(entry.state()).isEqualTo(NoteState.PENDING);
        assertThat(entry.dueAt()).isEqualTo(list.now);
        assertThat(entry.attempts() + entry.attemptsTonight()).isZero();
        assertThat(entry.mediaAttempts() + entry.mediaAttemptsTonight()).isZero();
        assertThat(entry.reason()).isNull();
        assertThat(entry.detail()).isNull();
        assertThat(list.claim().missingNight()).isNull();
    }

    @Test
    void requeueSkipsNotesInProgress() {
        list.pending(2);
        claims.claim(NODE, Lanes.ALL);

        assertThat(list.worklist.requeue(List.of(new NoteId(id(1)), new NoteId(id(2)))))
                .containsExactly(new NoteId(id(2)));
        assertThat(list.worklist.requeue(List.of())).isEmpty();
    }

    @Test
    void requeueOfAStateChangesNoOtherState() {
        list.pending(2);
        list.settleNext(NoteState.FAILED, Counter.NONE, null);
        list.settleNext(NoteState.ARCHIVED, Counter.NONE, null);

        assertThat(list.worklist.requeue(NoteState.FAILED)).isEqualTo(1);

        assertThat(list.entry(1).state()).isEqualTo(NoteState.PENDING);
        assertThat(list.entry(2).state()).isEqualTo(NoteState.ARCHIVED);
    }

    @Test
    void requeueByAFilterChangesNoOtherNote() {
        list.pending(3);
        list.settleNext(NoteState.FAILED, Counter.NONE, null);
        list.settleNext(NoteState.ARCHIVED, Counter.NONE, null);
        list.settleNext(NoteState.UNAVAILABLE, Counter.NONE, null);

        NoteFilter filter = NoteFilter.parse("(state:failed OR state:archived) -topic:x");
        assertThat(list.worklist.requeue(new NoteList(list.database.jdbc()).ids(filter)))
                .hasSize(2);

        assertThat(list.entry(1).state()).isEqualTo(NoteState.PENDING);
        assertThat(list.entry(2).state()).isEqualTo(NoteState.PENDING);
        assertThat(list.entry(3).state()).isEqualTo(NoteState.UNAVAILABLE);
    }

    @Test
    void onlyAnUnclaimedNoteIsLockedAndSettled() {
        NoteId note = new NoteId(id(1));
        list.pending(2);
        WorklistRow pending = list.worklist.row(note).orElseThrow();
        list.settleNext(NoteState.FAILED, Counter.NONE, null);
        claims.claim(NODE, Lanes.ALL);
        WorklistRow failed = list.worklist.row(note).orElseThrow();

        assertThat(list.worklist.lockUnclaimed(new NoteId(id(2)))).as("claimed").isEmpty();
        assertThat(list.worklist.lockUnclaimed(note))
                .as("settled since it was read")
                .contains(failed)
                .isNotEqualTo(Optional.of(pending));
        list.worklist.settleLocked(note, failed.apply(new Transition.CompletedByWaiver(), NOW));

        assertThat(list.worklist.lockUnclaimed(note)).as("repeated").get().isNotEqualTo(failed);
        assertThat(list.entry(1).state()).isEqualTo(NoteState.ARCHIVED);
        assertThat(list.entry(1).dueAt()).isNull();
    }
}
