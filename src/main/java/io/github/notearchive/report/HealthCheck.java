package io.github.notearchive.report;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.RunHistory.Run;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.stats.WorklistStats.StateCount;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Health.Cause;
import io.github.notearchive.report.Health.Reason;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Computes the health of the archive from the tables, without requests to the provider or the store. This class checks
 * the runs of the last nights, {@link ArchiveHealth} the notes and objects.
 */
@Component
public record HealthCheck(
        RunHistory history,
        JobExecutionQueries executions,
        QuotaHolds quotaHolds,
        WorklistStats worklist,
        ArchiveHealth archive,
        HealthProperties settings,
        Clock clock) {

    /** Number of consecutive nights after which a repeated result is a reason. */
    private static final int CONSECUTIVE = 7;

    /** Number of nights whose runs are checked. */
    private static final int NIGHTS = 14;

    /** Returns the current health. */
    public Health check() {
        Instant now = clock.instant();
        LocalDate tonight = Night.of(now).date();
        // later nights too: the clock of another node, or of the sandbox, may be ahead
        List<Run> all =
                history.runs(null, new Night(tonight.minusDays(NIGHTS - 1L)), new Night(tonight.plusDays(NIGHTS)));
        Map<String, Run> lastByNode = new TreeMap<>();
        all.forEach(run -> lastByNode.put(run.node(), run));
        List<Reason> reasons = new ArrayList<>();
        archive.addUnfinishedJobs(reasons);
        lastByNode.values().forEach(run -> lastRun(run, now).ifPresent(reasons::add));
        quotaHold().or(() -> interruption(all)).ifPresent(reasons::add);
        lastSuccess(all, now).ifPresent(reasons::add);
        addConsecutiveNights(reasons, all);
        archive.addContents(reasons, now);
        return all.isEmpty()
                ? Health.of(null, "no run yet", reasons)
                : Health.of(all.getLast(), describe(all.getLast(), now), reasons);
    }

    private static boolean endedInOrder(Run run) {
        return NightReport.exit(run).filter(ExitCode::isOrderly).isPresent();
    }

    private boolean isActive(Run run) {
        return !run.isKilled() && executions.isRunActive(run.node());
    }

    /** Returns a reason unless the last run of the node ended in order. */
    private Optional<Reason> lastRun(Run run, Instant now) {
        String node = run.node();
        Optional<ExitCode> exit = NightReport.exit(run);
        if (exit.isPresent()) {
            return exit.filter(code -> !code.isOrderly())
                    .map(code -> new Reason(
                            Cause.RUN_FAILED,
                            "the last run of node %s ended %s with %s%s"
                                    .formatted(
                                            node,
                                            age(run.ended(), now),
                                            code.label(),
                                            run.reason() == null ? "" : ": " + run.reason()),
                            NightReport.next(run, code)));
        }
        return Optional.of(
                isActive(run)
                        ? new Reason(
                                Cause.RUN_ACTIVE,
                                "a run of node " + node + " has been active since " + Night.local(run.began()))
                        : new Reason(
                                Cause.RUN_KILLED,
                                "the last run of node %s did not record its end: it was killed, or the database was unavailable; nothing is lost, and the next run resumes it"
                                        .formatted(node),
                                "note-archive run --node " + node));
    }

    private Optional<Reason> quotaHold() {
        return quotaHolds
                .current()
                .map(closed -> new Reason(
                        Cause.GATE_CLOSED,
                        "the gate is closed until " + Night.local(closed.until()) + ": " + closed.reason()));
    }

    /** Returns a reason if the last run of any node was interrupted and left due notes. */
    private Optional<Reason> interruption(List<Run> all) {
        long due = worklist.countByState().stream().mapToLong(StateCount::due).sum();
        boolean isInterrupted = !all.isEmpty()
                && ExitCode.INTERRUPTED.name().equals(all.getLast().exitCode());
        return due == 0 || !isInterrupted
                ? Optional.empty()
                : Optional.of(new Reason(
                        Cause.RUN_INTERRUPTED,
                        "the last run was interrupted; notes that are due: " + DisplayFormat.count(due)));
    }

    private Optional<Reason> lastSuccess(List<Run> all, Instant now) {
        if (all.isEmpty()) {
            return Optional.of(
                    worklist.countByState().isEmpty()
                            ? new Reason(Cause.WORKLIST_EMPTY, "the worklist is empty")
                            : new Reason(Cause.NO_RUN, "no run has ended in the last " + NIGHTS + " nights"));
        }
        Optional<Instant> success = all.stream()
                .filter(HealthCheck::endedInOrder)
                .flatMap(run -> Stream.ofNullable(run.ended()))
                .max(Comparator.naturalOrder());
        Run first = all.getFirst();
        Night before = new Night(first.night().date().minusDays(1));
        boolean isNewArchive =
                success.isEmpty() && history.lastNight(null, before).isEmpty();
        Instant since = isNewArchive ? first.began() : success.orElse(Instant.MIN);
        if (!since.isBefore(now.minus(settings.successWithin()))) {
            return Optional.empty();
        }
        String what = isNewArchive
                ? "no run has succeeded since the first one started " + age(first.began(), now)
                : success.map(at -> "the last successful run ended " + age(at, now))
                        .orElse("no run has succeeded in the last " + NIGHTS + " nights");
        return Optional.of(new Reason(
                Cause.NO_SUCCESS,
                what + "; the limit is " + settings.successWithin().toHours() + " h"));
    }

    private static void addConsecutiveNights(List<Reason> reasons, List<Run> all) {
        if (endedEachNight(all, ExitCode.QUOTA_EXHAUSTED)) {
            reasons.add(
                    new Reason(Cause.QUOTA_EACH_NIGHT, "the quota ended each of the last " + CONSECUTIVE + " nights"));
        }
        if (endedEachNight(all, ExitCode.INCOMPLETE)) {
            reasons.add(new Reason(
                    Cause.INCOMPLETE_EACH_NIGHT,
                    "notes were postponed or failed in each of the last " + CONSECUTIVE + " nights"));
        }
        Map<Night, Long> backlogs = new TreeMap<>();
        all.forEach(run -> {
            if (run.left() != null) {
                backlogs.put(run.night(), run.left().backlog());
            }
        });
        List<Long> last = last(backlogs);
        if (last.size() == CONSECUTIVE
                && IntStream.range(1, CONSECUTIVE).allMatch(i -> last.get(i) > last.get(i - 1))) {
            reasons.add(new Reason(
                    Cause.BACKLOG_GROWS,
                    "the backlog has grown after each of the last %d nights, from %s to %s notes"
                            .formatted(
                                    CONSECUTIVE,
                                    DisplayFormat.count(last.getFirst()),
                                    DisplayFormat.count(last.getLast()))));
        }
    }

    /** Returns whether a run ended with the code in each of the last nights with runs. */
    private static boolean endedEachNight(List<Run> all, ExitCode code) {
        Map<Night, Boolean> byNight = new TreeMap<>();
        all.forEach(run -> byNight.merge(run.night(), code.name().equals(run.exitCode()), Boolean::logicalOr));
        List<Boolean> last = last(byNight);
        return last.size() == CONSECUTIVE && !last.contains(false);
    }

    private static <V> List<V> last(Map<Night, V> byNight) {
        List<V> values = List.copyOf(byNight.values());
        return values.subList(Math.max(0, values.size() - CONSECUTIVE), values.size());
    }

    private String describe(Run last, Instant now) {
        return NightReport.exit(last)
                .map(exit -> "the last run ended %s with %s".formatted(age(last.ended(), now), exit.label()))
                .orElseGet(() -> isActive(last)
                        ? "a run is active, started " + age(last.began(), now)
                        : "the last run started " + age(last.began(), now) + " and did not record its end");
    }

    /** Returns the age of a time for display. */
    static String age(@Nullable Instant then, Instant now) {
        if (then == null) {
            return "at an unknown time";
        }
        Duration age = Duration.between(then, now);
        if (age.compareTo(Duration.ofMinutes(-1)) < 0) {
            return "on " + Night.local(then) + ", by a clock ahead of this one,";
        }
        if (age.toMinutes() < 1) {
            return "just now";
        }
        if (age.toDays() >= 3) {
            return age.toDays() + " days ago";
        }
        return (age.toHours() == 0 ? "" : age.toHours() + " h ") + age.toMinutesPart() + " min ago";
    }
}
