package io.github.notearchive.report;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.stats.OpenNotes;
import io.github.notearchive.archive.stats.OpenNotes.ReasonCount;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Health.Cause;
import io.github.notearchive.report.Health.LastRun;
import io.github.notearchive.report.Health.Reason;
import io.github.notearchive.report.NightReport.Run;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Finds out whether the archive is well, from the tables. Asks neither provider nor store. */
@Component
public class HealthCheck {

    /** So many nights in a row of which each is to be bad. */
    private static final int IN_A_ROW = 7;

    private static final int NIGHTS = 14;

    private final RunHistory history;
    private final OpenNotes openNotes;
    private final JobExecutionQueries executions;
    private final QuotaHolds gate;
    private final WorklistStats counts;
    private final AuditRepository fixity;
    private final MediaTotals media;
    private final SchemaDrift drift;
    private final ErasureList forgotten;
    private final ResponseSpool unwritten;
    private final HealthProperties settings;
    private final Clock clock;

    HealthCheck(
            RunHistory history,
            OpenNotes openNotes,
            JobExecutionQueries executions,
            QuotaHolds gate,
            WorklistStats counts,
            AuditRepository fixity,
            MediaTotals media,
            SchemaDrift drift,
            ErasureList forgotten,
            ResponseSpool unwritten,
            HealthProperties settings,
            Clock clock) {
        this.history = history;
        this.openNotes = openNotes;
        this.executions = executions;
        this.gate = gate;
        this.counts = counts;
        this.fixity = fixity;
        this.media = media;
        this.drift = drift;
        this.forgotten = forgotten;
        this.unwritten = unwritten;
        this.settings = settings;
        this.clock = clock;
    }

    /** How the archive is now. */
    public Health check() {
        Instant now = clock.instant();
        Night tonight = Night.current(clock);
        Night first = new Night(tonight.date().minusDays(NIGHTS - 1L));
        // a clock may have been ahead, and the sandbox's is
        Night last = new Night(tonight.date().plusDays(NIGHTS));
        Map<String, List<Run>> byNode = new TreeMap<>();
        for (String node : history.nodes(first)) {
            List<Run> runs =
                    history.runs(node, first, last).stream().map(Run::of).toList();
            if (!runs.isEmpty()) {
                byNode.put(node, runs);
            }
        }
        List<Reason> reasons = new ArrayList<>();
        unfinished(reasons);
        unwritten(reasons);
        lastRuns(byNode, now, reasons);
        List<Run> all = byNode.values().stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparing(Run::began))
                .toList();
        List<WorklistStats.StateCount> states = counts.countByState();
        success(all, states, now, reasons);
        eachNight(all, reasons);
        backlog(all, reasons);
        givenUp(reasons);
        degraded(reasons);
        fixity(now, reasons);
        audit(now, reasons);
        fields(reasons);
        LastRun newest = newest(byNode);
        return Health.of(newest, inWords(newest, now), reasons);
    }

    private void unfinished(List<Reason> reasons) {
        if (executions.isRebuildUnfinished()) {
            reasons.add(new Reason(
                    Cause.REBUILD_UNFINISHED,
                    "the tables are being rebuilt from the bucket, and that is not finished: run, enqueue and verify refuse",
                    "note-archive rebuild"));
        }
        if (executions.isRemapUnfinished()) {
            reasons.add(
                    new Reason(Cause.REMAP_UNFINISHED, "a remap was begun and is not finished", "note-archive remap"));
        }
        long unforgotten = forgotten.count().unfinished();
        if (unforgotten > 0) {
            reasons.add(new Reason(
                    Cause.FORGET_UNFINISHED,
                    unforgotten + " notes or authors are not forgotten to the end",
                    "repeat the last note-archive forget --yes"));
        }
    }

    /** Responses in files below this machine's data directory, of all nodes. */
    private void unwritten(List<Reason> reasons) {
        try {
            for (ResponseSpool files : unwritten.ofAllNodes()) {
                reasons.add(new Reason(
                        Cause.RESPONSES_IN_FILES,
                        files.summary() + " are not in the ledger yet",
                        "note-archive run, which writes them there; see the log when it does not"));
            }
        } catch (IOException e) {
            reasons.add(new Reason(
                    Cause.RESPONSES_IN_FILES,
                    "paid responses may be in files that this user cannot read: " + e,
                    "give this user the right to read them"));
        }
    }

    private void lastRuns(Map<String, List<Run>> byNode, Instant now, List<Reason> reasons) {
        byNode.forEach((node, runs) -> {
            Run last = runs.getLast();
            String whose = "the last run of node " + node;
            if (last.exitNumber() == null) {
                killed(node, last, whose, reasons);
            } else if (!last.endedInOrder()) {
                reasons.add(new Reason(
                        Cause.RUN_FAILED,
                        whose
                                + " ended "
                                + ago(last.ended(), now)
                                + " with "
                                + last.exitNumber()
                                + " "
                                + last.exitCode()
                                + (last.reason() == null ? "" : ": " + last.reason()),
                        last.next()));
            }
        });
        gate.current()
                .ifPresent(closed -> reasons.add(new Reason(
                        Cause.GATE_CLOSED,
                        "the gate is closed until " + Night.local(closed.until()) + ": " + closed.reason(),
                        "nothing to do; a run after that asks again")));
    }

    private void killed(String node, Run last, String whose, List<Reason> reasons) {
        boolean isOver = last.exitCode().equals(Run.KILLED);
        if (!isOver && executions.isRunActive(node)) {
            reasons.add(new Reason(
                    Cause.RUN_ACTIVE,
                    "a run of node " + node + " is under way since " + Night.local(last.began()),
                    "nothing to do"));
            return;
        }
        reasons.add(new Reason(
                Cause.RUN_KILLED,
                whose
                        + " ended without writing its end: it was killed, or the database was out of reach; nothing is lost, and the next one goes on where it was",
                "note-archive run --node " + node));
    }

    private void success(List<Run> all, List<WorklistStats.StateCount> states, Instant now, List<Reason> reasons) {
        if (all.isEmpty()) {
            reasons.add(
                    states.isEmpty()
                            ? new Reason(Cause.WORKLIST_EMPTY, "the worklist is empty", "note-archive enqueue FILE")
                            : new Reason(
                                    Cause.NO_RUN,
                                    "no run has ended in the last " + NIGHTS + " nights",
                                    "note-archive run"));
            return;
        }
        Optional<Instant> success = all.stream()
                .filter(Run::endedInOrder)
                .flatMap(run -> Stream.ofNullable(run.ended()))
                .max(Comparator.naturalOrder());
        Run first = all.getFirst();
        boolean isYoung = success.isEmpty()
                && history.lastNight(null, new Night(first.night().date().minusDays(1)))
                        .isEmpty();
        Instant since = isYoung ? first.began() : success.orElse(Instant.MIN);
        if (since.isBefore(now.minus(settings.successWithin()))) {
            String what = isYoung
                    ? "no run has ended in order since the first one began " + ago(first.began(), now)
                    : success.map(at -> "the last run that ended in order did so " + ago(at, now))
                            .orElse("no run has ended in order in the last " + NIGHTS + " nights");
            reasons.add(new Reason(
                    Cause.NO_SUCCESS,
                    what
                            + ", and it should be at most "
                            + settings.successWithin().toHours()
                            + " h",
                    "note-archive run; then look at its schedule"));
        }
    }

    private static void eachNight(List<Run> all, List<Reason> reasons) {
        if (endedEachNight(all, ExitCode.QUOTA_EXHAUSTED)) {
            reasons.add(new Reason(
                    Cause.QUOTA_EACH_NIGHT,
                    "the quota ended each of the last " + IN_A_ROW + " nights",
                    "buy more, or enqueue less; note-archive plan says when the backlog ends"));
        }
        if (endedEachNight(all, ExitCode.INCOMPLETE)) {
            reasons.add(new Reason(
                    Cause.INCOMPLETE_EACH_NIGHT,
                    "each of the last " + IN_A_ROW + " nights left notes postponed or failed",
                    "note-archive report compares the nights, explain NOTE_ID has the story of one note"));
        }
    }

    /** Whether a run ended so in each of the last nights that had a run. */
    private static boolean endedEachNight(List<Run> all, ExitCode code) {
        Map<Night, Boolean> hit = new TreeMap<>();
        all.forEach(run -> hit.merge(run.night(), code.name().equals(run.exitCode()), Boolean::logicalOr));
        List<Boolean> last = new ArrayList<>(hit.values());
        return last.size() >= IN_A_ROW
                && last.subList(last.size() - IN_A_ROW, last.size()).stream().allMatch(Boolean::booleanValue);
    }

    /** Whether the backlog is larger after each of the last nights than after the one before. */
    private static void backlog(List<Run> all, List<Reason> reasons) {
        Map<Night, Long> left = new TreeMap<>();
        for (Run run : all) {
            Left kept = run.left();
            if (kept != null) {
                left.put(run.night(), kept.backlog());
            }
        }
        List<Long> last = new ArrayList<>(left.values());
        if (last.size() < IN_A_ROW) {
            return;
        }
        last = last.subList(last.size() - IN_A_ROW, last.size());
        for (int i = 1; i < last.size(); i++) {
            if (last.get(i) <= last.get(i - 1)) {
                return;
            }
        }
        reasons.add(new Reason(
                Cause.BACKLOG_GROWS,
                "the backlog has grown after each of the last "
                        + IN_A_ROW
                        + " nights, from "
                        + DisplayFormat.count(last.getFirst())
                        + " to "
                        + DisplayFormat.count(last.getLast())
                        + " notes",
                "buy more, or enqueue less; note-archive report compares the nights"));
    }

    /** Each reason has its own way out, and its own price. */
    private void givenUp(List<Reason> reasons) {
        Map<StateReason, Long> failed = new EnumMap<>(StateReason.class);
        for (ReasonCount count : openNotes.reasons()) {
            if (count.state().equals(NoteState.FAILED.name())) {
                failed.merge(count.reason(), count.notes(), Long::sum);
            }
        }
        failed.forEach((reason, notes) -> reasons.add(new Reason(
                Cause.NOTES_FAILED,
                (notes == 1
                                ? "1 note is given up, and nothing happens to it by itself: "
                                : DisplayFormat.count(notes)
                                        + " notes are given up, and nothing happens to them by itself: ")
                        + reason.meaning(),
                reason.command() + ": " + reason.effect())));
    }

    private void degraded(List<Reason> reasons) {
        long notes = media.degradedNotes();
        if (notes > 0) {
            reasons.add(new Reason(
                    Cause.DEGRADED_NOTES,
                    (notes == 1 ? "1 archived note has" : DisplayFormat.count(notes) + " archived notes have")
                            + " a file in a lesser rendition than the best one offered",
                    "note-archive requeue --degraded, then run: buys one new answer for each"));
        }
    }

    private void fixity(Instant now, List<Reason> reasons) {
        Map<Damage.Kind, Long> open = fixity.countOpen();
        Map<Damage.Kind, Long> damage = new EnumMap<>(Damage.Kind.class);
        Map<Damage.Kind, Long> others = new EnumMap<>(Damage.Kind.class);
        open.forEach((kind, count) -> (isDamage(kind) ? damage : others).put(kind, count));
        if (!damage.isEmpty()) {
            reasons.add(new Reason(
                    Cause.STORE_DAMAGED,
                    "the store does not hold what the tables say: " + Damage.describe(damage),
                    "note-archive verify --repair, then run"));
        }
        if (!others.isEmpty()) {
            reasons.add(new Reason(
                    Cause.FINDINGS_OPEN,
                    "audits found " + Damage.describe(others),
                    "note-archive verify; --delete-orphans removes orphans"));
        }
        AuditRepository.Verified verified = fixity.verified(now);
        Instant oldest = verified.oldest();
        if (verified.never() > 0) {
            reasons.add(new Reason(
                    Cause.NEVER_VERIFIED,
                    DisplayFormat.count(verified.never())
                            + (verified.never() < AuditRepository.MAX_NEVER_VERIFIED ? "" : " or more")
                            + " files were never verified since the tables were rebuilt, or at a time later than now",
                    "note-archive verify"));
        } else if (oldest != null && Duration.between(oldest, now).compareTo(settings.verifiedWithin()) > 0) {
            reasons.add(new Reason(
                    Cause.NOT_VERIFIED,
                    "a file was verified last "
                            + ago(oldest, now)
                            + ", and it should be at most "
                            + settings.verifiedWithin().toDays()
                            + " days",
                    "note-archive verify --max-duration 2h, each day"));
        }
    }

    private void audit(Instant now, List<Reason> reasons) {
        executions
                .latestAudit()
                .filter(audit -> audit.ended() != null && isFailure(audit.exitCode()))
                .ifPresent(audit -> reasons.add(new Reason(
                        Cause.AUDIT_FAILED,
                        "the last audit ended " + ago(audit.ended(), now) + " with " + audit.exitCode(),
                        "read its log, then note-archive verify")));
    }

    /** Findings have their own reasons, and a time box is none. */
    private static boolean isFailure(String exitCode) {
        ExitCode ended = ExitCode.named(exitCode);
        return ended != ExitCode.FINDINGS && !ended.isOrderly();
    }

    /** Whether the store does not hold what the tables say, which a repair deals with. */
    static boolean isDamage(Damage.Kind kind) {
        return switch (kind) {
            case MISSING, CORRUPT, SIZE, UNRECORDED, SIDECAR_MISSING, SIDECAR_CORRUPT -> true;
            case UNREADABLE, ORPHAN -> false;
        };
    }

    private void fields(List<Reason> reasons) {
        long fields = drift.unreviewed(1).fields();
        if (fields > 0) {
            reasons.add(new Reason(
                    Cause.NEW_FIELDS,
                    fields + " fields of answers were never seen before",
                    "look at them below; UPDATE schema_drift SET state = 'BASELINE' where all is well"));
        }
    }

    private static @Nullable LastRun newest(Map<String, List<Run>> byNode) {
        Map<LastRun, Instant> last = new HashMap<>();
        byNode.forEach((node, runs) -> {
            Run run = runs.getLast();
            last.put(
                    new LastRun(node, run.execution(), run.began(), run.ended(), run.exitNumber(), run.exitCode()),
                    run.began());
        });
        return last.keySet().stream()
                .max(Comparator.comparing(LastRun::began).thenComparing(LastRun::node))
                .orElse(null);
    }

    private String inWords(@Nullable LastRun last, Instant now) {
        if (last == null) {
            return "there was no run yet";
        }
        if (last.exitNumber() == null && !last.exitCode().equals(Run.KILLED) && executions.isRunActive(last.node())) {
            return "a run is under way, begun " + ago(last.began(), now);
        }
        return last.exitNumber() == null
                ? "the last run began " + ago(last.began(), now) + " and has not said how it ended"
                : "the last run ended " + ago(last.ended(), now) + " with " + last.exitNumber() + " " + last.exitCode();
    }

    private static String ago(@Nullable Instant then, Instant now) {
        if (then == null) {
            return "at an unknown time";
        }
        Duration age = Duration.between(then, now);
        if (age.compareTo(Duration.ofMinutes(-1)) < 0) {
            return "on " + Night.local(then) + ", by a clock ahead of this one,";
        }
        return age.compareTo(Duration.ofMinutes(1)) < 0
                ? "just now"
                : age.toDays() >= 3 ? age.toDays() + " days ago" : hours(age) + " ago";
    }

    private static String hours(Duration age) {
        return age.toHours() == 0 ? age.toMinutes() + " min" : age.toHours() + " h " + age.toMinutesPart() + " min";
    }
}
