package io.github.notearchive.report;

import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.archive.stats.NightStats.CallClass;
import io.github.notearchive.archive.stats.NightStats.FailedNote;
import io.github.notearchive.archive.stats.NightStats.NewField;
import io.github.notearchive.archive.stats.NightStats.Remarks;
import io.github.notearchive.archive.stats.NightStats.Retry;
import io.github.notearchive.archive.stats.NightStats.Stop;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.archive.stats.WorklistStats.ReasonCount;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One night of one node, as recorded in the tables. Independent of the time at which it is read.
 *
 * @param nights the nights with runs up to this one, newest last; at most 14
 * @param reasons postponed and failed notes by reason, most frequent first
 * @param reasonsAtEnd whether the reasons were recorded at the end of the last run; otherwise they are the current ones
 * @param failedNotes notes that failed in this night and are still FAILED, at most 50
 * @param failedInAll number of such notes
 * @param remarks files of the night that differ from the response, at most 20
 * @param slices the time from the start of the first run to the end of the last one, in equal parts
 * @param retries results of notes that were postponed with code 301, by the number of times
 * @param calls calls of the runs by endpoint, code and billing
 * @param stops times at which code 303 stopped a run
 * @param findings findings of audits that were open at the end of the last run, by kind
 * @param newFields response fields that were new in this night
 */
public record NightReport(
        String node,
        List<Past> nights,
        List<ReasonCount> reasons,
        boolean reasonsAtEnd,
        List<FailedNote> failedNotes,
        long failedInAll,
        Remarks remarks,
        Slices slices,
        List<Retry> retries,
        List<CallClass> calls,
        List<Stop> stops,
        Map<String, Long> findings,
        List<NewField> newFields) {

    Past tonight() {
        return nights.getLast();
    }

    Night night() {
        return tonight().night();
    }

    /** Returns the runs of the night, oldest first; never empty. */
    List<Run> runs() {
        return tonight().runs();
    }

    /** Returns the last run, which determines the result of the night. */
    Run last() {
        return tonight().last();
    }

    /** Returns the state of the archive after the last run that recorded it; empty if none did. */
    Optional<Left> left() {
        return Optional.ofNullable(tonight().left());
    }

    /** Returns the newest execution of the night; empty if no run started one. */
    Optional<Long> execution() {
        return runs().reversed().stream()
                .flatMap(run -> Stream.ofNullable(run.execution()))
                .findFirst();
    }

    /**
     * One run.
     *
     * @param execution null if the run ended before one was started
     * @param ended null while the run is active, and after a kill until the next run
     * @param exitNumber null if the run is active or was killed
     * @param left null if the run is active or was killed
     */
    public record Run(
            String node,
            @Nullable Long execution,
            Night night,
            Instant began,
            @Nullable Instant ended,
            @Nullable Integer exitNumber,
            String exitCode,
            @Nullable String reason,
            Bill bill,
            @Nullable Left left) {

        /** Exit code of a run that has not ended. */
        static final String NOT_OVER = "NOT_OVER";

        /** Exit code of a killed run. */
        static final String KILLED = "KILLED";

        static Run of(String node, RunHistory.Run run) {
            boolean isKnown = run.left() != null;
            boolean isOver = run.ended() != null;
            boolean isKilled = !isKnown && isOver && run.exitCode().equals("CRASHED");
            return new Run(
                    node,
                    run.execution(),
                    run.night(),
                    run.began(),
                    run.ended(),
                    isOver && !isKilled ? ExitCode.named(run.exitCode()).number() : null,
                    !isOver ? NOT_OVER : isKilled ? KILLED : run.exitCode(),
                    run.reason(),
                    run.bill(),
                    run.left());
        }

        boolean isKilled() {
            return exitCode.equals(KILLED);
        }

        Duration took() {
            return ended == null || ended.isBefore(began) ? Duration.ZERO : Duration.between(began, ended);
        }

        /** Returns the exit code for display. Only for runs that recorded their end. */
        String exitLabel() {
            return ExitCode.named(exitCode).label();
        }

        /** Returns the next action of the operator. Only for runs that recorded their end. */
        String next() {
            ExitCode code = ExitCode.named(exitCode);
            return execution == null ? code.nextIfNotStarted() : code.next();
        }

        /** Returns whether the run ended as designed, even if notes remain. */
        boolean endedInOrder() {
            return exitNumber != null && ExitCode.named(exitCode).isOrderly();
        }
    }

    /** Totals of a night, for comparison. */
    record Past(List<Run> runs) {

        Night night() {
            return last().night();
        }

        Run last() {
            return runs.getLast();
        }

        private List<Left> lefts() {
            return runs.stream().flatMap(run -> Stream.ofNullable(run.left())).toList();
        }

        /** Returns the sum of a count over the runs that recorded their results. */
        long sum(ToLongFunction<Left> count) {
            return lefts().stream().mapToLong(count).sum();
        }

        long sumOfBills(ToLongFunction<Bill> count) {
            return runs.stream().map(Run::bill).mapToLong(count).sum();
        }

        long settled() {
            return sum(Left::archived) + sum(Left::unavailable);
        }

        Duration took() {
            return runs.stream().map(Run::took).reduce(Duration.ZERO, Duration::plus);
        }

        /** Returns whether each run recorded its results; active and killed runs did not. */
        boolean isWhole() {
            return runs.stream().allMatch(run -> run.left() != null);
        }

        /** Returns the state of the archive after the last run that recorded it; null if none did. */
        @Nullable
        Left left() {
            List<Left> lefts = lefts();
            return lefts.isEmpty() ? null : lefts.getLast();
        }
    }

    /**
     * The night in equal parts.
     *
     * @param from start of the first part
     * @param width duration of each part
     */
    record Slices(Instant from, Duration width, List<Slice> each) {

        Instant to() {
            return from.plus(width.multipliedBy(each.size()));
        }
    }

    /**
     * Totals of one part of the night.
     *
     * @param callsSoFar calls of all nodes from 00:00 in Shanghai to the end of the part
     * @param notes responses about notes that the runs of the node received
     * @param bytes bytes stored by all nodes
     */
    record Slice(long callsSoFar, long notes, long bytes) {}
}
