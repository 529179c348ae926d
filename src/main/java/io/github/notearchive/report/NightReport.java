package io.github.notearchive.report;

import io.github.notearchive.archive.stats.NightStats.CallClass;
import io.github.notearchive.archive.stats.NightStats.FailedNote;
import io.github.notearchive.archive.stats.NightStats.NewField;
import io.github.notearchive.archive.stats.NightStats.Remark;
import io.github.notearchive.archive.stats.NightStats.Retry;
import io.github.notearchive.archive.stats.NightStats.Stop;
import io.github.notearchive.archive.stats.OpenNotes.ReasonCount;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.note.Night;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that a page tells of one night of one node, as the tables have it. Holds nothing that depends on when it is read.
 *
 * @param runs the runs of the night, oldest first; never empty
 * @param nights the nights up to this one that had runs, 14 at most, the newest last
 * @param classes what stood in the way of the notes that the night left, the most frequent first
 * @param classesAreOfTheEnd whether these were kept when the last run ended; else they are counted from the worklist as
 *     it is
 * @param failedNotes notes that a person must decide about, 50 at most: those that this night gave up and that are
 *     still so
 * @param failedInAll how many there are of them
 * @param remarks files of the night that are stored and not quite what the answer promised, 20 at most
 * @param remarksInAll how many there are of them
 * @param lesser how many of these are there in a lesser rendition than the best one offered
 * @param slices the time from the first run's begin to the last one's end, in equal parts
 * @param retries how notes fared that were put off with 301, by how often they were
 * @param calls the calls of the night's runs, by question, code and bill
 * @param stops when the provider ended the night with 303
 * @param findings audits' findings that were open when the last run ended, by kind
 * @param newFields fields of answers that this night met for the first time
 */
public record NightReport(
        Night night,
        String node,
        List<Run> runs,
        List<Past> nights,
        List<ReasonCount> classes,
        boolean classesAreOfTheEnd,
        List<FailedNote> failedNotes,
        long failedInAll,
        List<Remark> remarks,
        long remarksInAll,
        long lesser,
        Slices slices,
        List<Retry> retries,
        List<CallClass> calls,
        List<Stop> stops,
        Map<String, Long> findings,
        List<NewField> newFields) {

    /** The last run, by which the night is judged. */
    Run last() {
        return runs.getLast();
    }

    /** What the last run that was not killed left behind; empty when each of them was. */
    public Optional<Left> left() {
        return runs.reversed().stream()
                .map(Run::left)
                .flatMap(left -> Optional.ofNullable(left).stream())
                .findFirst();
    }

    /** The newest execution of the night; empty when each run ended before one began. */
    Optional<Long> execution() {
        return runs.reversed().stream()
                .map(Run::execution)
                .flatMap(id -> Optional.ofNullable(id).stream())
                .findFirst();
    }

    Duration took() {
        return runs.stream().map(Run::took).reduce(Duration.ZERO, Duration::plus);
    }

    /**
     * One run.
     *
     * @param execution null when it ended before one began
     * @param ended null when it is not over, or was killed and none has followed
     * @param exitNumber null when it is not over, or was killed
     * @param left null when it was killed, or is not over
     */
    public record Run(
            @Nullable Long execution,
            Night night,
            Instant began,
            @Nullable Instant ended,
            @Nullable Integer exitNumber,
            String exitCode,
            @Nullable String reason,
            long calls,
            long billed,
            long billingUnknown,
            @Nullable Left left) {

        /** Exit code of a run that has not ended. */
        static final String NOT_OVER = "NOT_OVER";

        /** Exit code of a killed run. */
        static final String KILLED = "KILLED";

        static Run of(RunHistory.Run run) {
            boolean isKnown = run.left() != null;
            boolean isOver = run.ended() != null;
            boolean isKilled = !isKnown && isOver && run.exitCode().equals("CRASHED");
            return new Run(
                    run.execution(),
                    run.night(),
                    run.began(),
                    run.ended(),
                    isOver && !isKilled ? ExitCode.named(run.exitCode()).number() : null,
                    !isOver ? NOT_OVER : isKilled ? KILLED : run.exitCode(),
                    run.reason(),
                    run.bill().calls(),
                    run.bill().billed(),
                    run.bill().billingUnknown(),
                    run.left());
        }

        Duration took() {
            return ended == null || ended.isBefore(began) ? Duration.ZERO : Duration.between(began, ended);
        }

        /** What to do after it, for the person in charge; only of one that said how it ended. */
        String next() {
            ExitCode code = ExitCode.named(exitCode);
            return execution == null ? code.nextIfNotStarted() : code.next();
        }

        /** Whether the archive worked as it should, even if not all is done. */
        public boolean endedInOrder() {
            return exitNumber != null && ExitCode.named(exitCode).isOrderly();
        }
    }

    /** A night in a line, to be compared with others. */
    public record Past(Night night, List<Run> runs) {

        Run last() {
            return runs.getLast();
        }

        private List<Left> lefts() {
            return runs.stream()
                    .flatMap(run -> Optional.ofNullable(run.left()).stream())
                    .toList();
        }

        long settled() {
            return lefts().stream()
                    .mapToLong(left -> left.archived() + left.unavailable())
                    .sum();
        }

        long archived() {
            return lefts().stream().mapToLong(Left::archived).sum();
        }

        long unavailable() {
            return lefts().stream().mapToLong(Left::unavailable).sum();
        }

        long failed() {
            return lefts().stream().mapToLong(Left::failed).sum();
        }

        long bytes() {
            return lefts().stream().mapToLong(Left::bytesStored).sum();
        }

        long files() {
            return lefts().stream().mapToLong(Left::filesStored).sum();
        }

        long calls() {
            return runs.stream().mapToLong(Run::calls).sum();
        }

        long billed() {
            return runs.stream().mapToLong(Run::billed).sum();
        }

        long billingUnknown() {
            return runs.stream().mapToLong(Run::billingUnknown).sum();
        }

        Duration took() {
            return runs.stream().map(Run::took).reduce(Duration.ZERO, Duration::plus);
        }

        /** Whether each of its runs wrote what it did; one that was killed or is not over did not. */
        boolean isWhole() {
            return runs.stream().allMatch(run -> run.left() != null);
        }

        /** What its last run left; null when each of its runs was killed. */
        @Nullable
        Left left() {
            List<Left> lefts = lefts();
            return lefts.isEmpty() ? null : lefts.getLast();
        }
    }

    /**
     * The night in equal parts.
     *
     * @param from when the first one begins
     * @param width how long each is
     */
    public record Slices(Instant from, Duration width, List<Slice> each) {

        Instant to() {
            return from.plus(width.multipliedBy(each.size()));
        }
    }

    /**
     * What happened in one part of the night.
     *
     * @param callsSoFar calls of all nodes until its end, since 00:00 in Shanghai
     * @param notes answers that the node's runs got
     * @param bytes bytes that came into the store, from whichever node
     */
    public record Slice(long callsSoFar, long notes, long bytes) {}

    /**
     * When the backlog is worked off, by the notes that the last nights brought to their end.
     *
     * @param perNight notes a night, of the last 7 nights with runs that said what they did
     * @param lastNight null when it never will be
     */
    record Outlook(long backlog, double perNight, @Nullable LocalDate lastNight) {}

    /** Empty when nothing is known of the backlog. */
    Optional<Outlook> outlook() {
        Optional<Left> left = left();
        if (left.isEmpty()) {
            return Optional.empty();
        }
        List<Past> known = nights.stream().filter(past -> past.left() != null).toList();
        List<Past> last = known.subList(Math.max(0, known.size() - 7), known.size());
        double perNight = last.stream().mapToLong(Past::settled).average().orElse(0);
        long backlog = left.get().backlog();
        if (backlog == 0) {
            return Optional.of(new Outlook(0, perNight, night.date()));
        }
        long more = perNight <= 0 ? Long.MAX_VALUE : (long) Math.ceil(backlog / perNight);
        return Optional.of(new Outlook(
                backlog, perNight, more > 36_500 ? null : night.date().plusDays(more)));
    }
}
