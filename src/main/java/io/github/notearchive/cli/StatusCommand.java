package io.github.notearchive.cli;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.Nodes;
import io.github.notearchive.archive.stats.OpenNotes;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.WorklistStats;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.io.TerminalText;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.Health;
import io.github.notearchive.report.HealthCheck;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code status}: shows the state of the archive. */
@Command(
        name = "status",
        description =
                "Shows the health of the archive, the worklist, the gate, tonight's calls and bill, the last runs, and the open notes.",
        footer = {
            "",
            "HEALTHY: no action required. ATTENTION: runs continue, check the reasons. BROKEN: runs do not continue, or files are damaged. Each reason is shown with a remedy.",
            "Exit codes: 0 done, with any result; 6 with --fail-on; 2 usage; 8 the database is unavailable."
        })
final class StatusCommand extends ArchiveCommand {

    private static final int RUNS = 10;

    /** Number of notes of each state that are searched for examples. */
    private static final int LOOKED_AT = 1_000;

    private static final int FIELDS = 10;

    @Mixin
    private JsonOption json = new JsonOption();

    @Option(
            names = "--fail-on",
            paramLabel = "LEVEL",
            description = "Exit with 6 at this level or a worse one: ATTENTION or BROKEN. Otherwise with 0.")
    private Health.@Nullable Level failOn;

    /**
     * Result, as printed.
     *
     * @param openNotes all notes that are POSTPONED or FAILED, by reason; at most {@value #LOOKED_AT} of each state are
     *     searched for examples
     */
    record Status(
            ArchiveLocation.Address archive,
            Health health,
            Instant at,
            String night,
            boolean rebuildUnfinished,
            List<WorklistStats.StateCount> worklist,
            QuotaHolds.@Nullable Closed gate,
            List<CallTotals.CallCount> callsTonight,
            Videos videosTonight,
            Refreshes refreshes,
            List<Nodes.Node> nodes,
            List<RunHistory.Execution> runs,
            List<OpenNotes.Group> openNotes,
            Fixity fixity,
            SchemaDrift.Unreviewed newFields,
            ErasureList.Count forgotten) {}

    /** Last verification of the store, and the open findings. */
    record Fixity(
            @Nullable Instant oldestVerified,
            JobExecutionQueries.@Nullable Execution lastAudit,
            Map<Damage.Kind, Long> openFindings) {}

    /**
     * Tonight's calls for videos.
     *
     * @param enabled whether videos are bought
     * @param allowed configured limit of a night; 0 for none
     */
    record Videos(boolean enabled, CallTotals.Bill bill, int allowed) {}

    /**
     * Refreshes of archived notes.
     *
     * @param policy when notes without an own interval are refreshed
     * @param allowed configured limit of these calls in a night; 0 for none
     */
    record Refreshes(String policy, WorklistStats.PlannedRefreshes notes, CallTotals.Bill billTonight, int allowed) {}

    /** Reads tonight's calls. */
    @Component
    record Calls(
            CallTotals totals,
            WorklistStats worklist,
            VideoProperties videos,
            RefreshProperties refreshes,
            NoteSourceProperties source) {

        Videos videos(Night tonight) {
            return new Videos(videos.enabled(), totals.billIn(tonight, Endpoint.VIDEO), videos.callsPerNight());
        }

        Refreshes refreshes(Night tonight) {
            return new Refreshes(
                    refreshes.policy(),
                    worklist.refreshes(),
                    totals.billOfRefreshesIn(tonight),
                    refreshes.callsAllowed(source.callsPerNight()));
        }
    }

    @Component
    record Action(
            ArchiveLocation location,
            Clock clock,
            HealthCheck health,
            Calls calls,
            QuotaHolds gate,
            Nodes nodes,
            RunHistory runs,
            JobExecutionQueries executions,
            OpenNotes openNotes,
            AuditRepository audits,
            SchemaDrift drift,
            ErasureList erased) {

        Status read() {
            Night tonight = Night.current(clock);
            return new Status(
                    location.address(),
                    health.check(),
                    clock.instant(),
                    tonight.toString(),
                    executions.isRebuildUnfinished(),
                    calls.worklist.countByState(),
                    gate.current().orElse(null),
                    calls.totals.countsIn(tonight),
                    calls.videos(tonight),
                    calls.refreshes(tonight),
                    nodes.all(tonight),
                    runs.latest(RUNS),
                    openNotes.byReason(LOOKED_AT),
                    new Fixity(
                            audits.oldestVerified(clock.instant()).orElse(null),
                            executions.newest(JobNames.VERIFY, null).orElse(null),
                            audits.countOpen()),
                    drift.unreviewed(FIELDS),
                    erased.count());
        }
    }

    @Override
    public Integer call() throws Exception {
        return execute(Action.class, action -> {
            Status status = action.read();
            json.print(status, out(), out -> print(status, out));
            return failOn != null && status.health().level().compareTo(failOn) >= 0
                    ? ExitCode.INCOMPLETE
                    : ExitCode.COMPLETED;
        });
    }

    private static void print(Status status, PrintWriter out) {
        out.println("Archive: " + TerminalText.line(status.archive()));
        print(status.health(), out);
        TextTable notes = new TextTable("state", "notes", "due now", "in progress");
        status.worklist().forEach(count -> notes.row(count.state(), count.notes(), count.due(), count.inProgress()));
        notes.print("Worklist", "empty; fill it with: note-archive enqueue FILE", out);
        out.println("Gate\n  " + describe(status.gate()));
        TextTable calls = new TextTable("code", "billed", "calls");
        status.callsTonight()
                .forEach(count ->
                        calls.row(count.code() == null ? "none" : count.code(), count.billed(), count.calls()));
        calls.print("Calls of tonight, " + status.night() + " in Shanghai", "none", out);
        out.println("  " + describe(status.videosTonight()));
        out.println("  " + describe(status.refreshes()));
        printNodes(status.nodes(), out);
        print(status.runs(), status.health().lastRun(), out);
        print(status.fixity(), out);
        print(status.newFields(), out);
        print(status.forgotten(), out);
        print(status.openNotes(), status.worklist(), out);
    }

    private static void print(Health health, PrintWriter out) {
        out.println(health.level() + ": " + TerminalText.line(health.inAWord()));
        for (Health.Reason reason : health.reasons()) {
            String level = reason.level() == Health.Level.HEALTHY
                    ? "-"
                    : reason.level().toString();
            out.println("  %-9s  %s\n             -> %s"
                    .formatted(level, TerminalText.line(reason.what()), TerminalText.line(reason.command())));
        }
    }

    private static String describe(QuotaHolds.@Nullable Closed gate) {
        return gate == null
                ? "open"
                : "closed until %s Shanghai: %s, since %s by execution %s"
                        .formatted(
                                DisplayFormat.minute(gate.until()),
                                TerminalText.line(gate.reason()),
                                DisplayFormat.minute(gate.at()),
                                gate.jobExecutionId());
    }

    private static String describe(Videos videos) {
        if (!videos.enabled() && videos.bill().calls() == 0) {
            return "videos are not bought (archive.video.enabled)";
        }
        return "of these for videos: %s%s"
                .formatted(
                        describe(videos.bill(), videos.allowed()),
                        videos.enabled() ? "" : "; no more are bought (archive.video.enabled)");
    }

    private static String describe(Refreshes refreshes) {
        WorklistStats.PlannedRefreshes notes = refreshes.notes();
        if (notes.planned() == 0 && refreshes.policy().equals("off")) {
            return "archived notes are not refreshed (archive.refresh.enabled)";
        }
        return "of these for refreshes: %s; due now %d of %d%s"
                .formatted(
                        describe(refreshes.billTonight(), refreshes.allowed()),
                        notes.due(),
                        notes.planned(),
                        notes.next() == null ? "" : ", the next in the night of " + notes.next());
    }

    private static String describe(CallTotals.Bill bill, int allowed) {
        return "%d of %s, billed %d, billing unknown %d"
                .formatted(
                        bill.calls(),
                        allowed == 0 ? "any number" : allowed + " allowed",
                        bill.billed(),
                        bill.billingUnknown());
    }

    private static void printNodes(List<Nodes.Node> nodes, PrintWriter out) {
        if (nodes.isEmpty()) {
            return;
        }
        TextTable table = new TextTable(
                "node",
                "state",
                "execution",
                "began",
                "ended",
                "exit code",
                "notes in progress",
                "calls tonight",
                "last contact");
        nodes.forEach(node -> table.row(
                node.node().isEmpty() ? "not visible" : node.node(),
                node.state(),
                node.execution(),
                DisplayFormat.second(node.began()),
                DisplayFormat.second(node.ended()),
                node.exitCode(),
                node.claimedNotes(),
                node.callsTonight(),
                DisplayFormat.second(node.lastHeard())));
        table.print("Nodes (times of Shanghai)", "none", out);
        for (Nodes.Node node : nodes) {
            if (node.next() != null) {
                out.println("  %s %s: %s".formatted(node.node(), node.state(), TerminalText.line(node.next())));
            }
        }
    }

    static void print(List<RunHistory.Execution> latest, Health.@Nullable LastRun newest, PrintWriter out) {
        TextTable runs = new TextTable(
                "execution",
                "instance",
                "night",
                "node",
                "began",
                "ended",
                "status",
                "exit code",
                "calls",
                "billed",
                "reason");
        latest.forEach(run -> runs.row(
                run.execution(),
                run.instance(),
                run.night(),
                run.node(),
                DisplayFormat.second(run.began()),
                DisplayFormat.second(run.ended()),
                run.status(),
                run.exitCode(),
                run.calls(),
                run.billed(),
                run.exitMessage() == null
                        ? null
                        : run.exitMessage().lines().findFirst().orElse("")));
        // a refused run has no job execution
        String ifEmpty = newest == null
                ? "none; start one with: note-archive run"
                : "none yet: the run with exit code %d %s was refused before it started"
                        .formatted(newest.exitNumber(), newest.exitCode());
        runs.print("Last runs (times of Shanghai)", ifEmpty, out);
    }

    private static void print(Fixity fixity, PrintWriter out) {
        JobExecutionQueries.Execution audit = fixity.lastAudit();
        out.println("Verification (times of Shanghai)");
        out.println("  oldest verification  " + DisplayFormat.minute(fixity.oldestVerified()));
        out.println("  last audit           "
                + (audit == null
                        ? "none; start one with: note-archive verify"
                        : "execution %d of instance %d, %s %s, ended %s"
                                .formatted(
                                        audit.execution(),
                                        audit.instance(),
                                        audit.status(),
                                        audit.exitCode(),
                                        DisplayFormat.minute(audit.ended()))));
        out.println("  open findings        "
                + (fixity.openFindings().isEmpty() ? "none" : Damage.describe(fixity.openFindings())));
    }

    private static void print(SchemaDrift.Unreviewed newFields, PrintWriter out) {
        if (newFields.fields() == 0) {
            return;
        }
        TextTable fields = new TextTable("field", "type", "first seen", "example");
        newFields
                .examples()
                .forEach(field -> fields.row(
                        field.path(), field.type(), DisplayFormat.minute(field.firstSeenAt()), field.exampleNote()));
        fields.print(
                "New fields of responses, %d in total (schema_drift; set state to BASELINE after a review)"
                        .formatted(newFields.fields()),
                "none",
                out);
    }

    private static void print(ErasureList.Count erased, PrintWriter out) {
        if (erased.notes() + erased.authors() > 0) {
            String unfinished = erased.unfinished() == 0
                    ? ""
                    : "; %d of them not completely: repeat the last forget --yes".formatted(erased.unfinished());
            out.println("Forgotten\n  %d notes, %d authors%s".formatted(erased.notes(), erased.authors(), unfinished));
        }
    }

    /** Prints the open notes; each is in one of the groups. */
    static void print(List<OpenNotes.Group> groups, List<WorklistStats.StateCount> worklist, PrintWriter out) {
        if (groups.isEmpty()) {
            return;
        }
        TextTable open = new TextTable("state", "notes", "due", "reason", "example", "detail");
        groups.forEach(group -> open.row(
                group.state(),
                group.notes(),
                group.state() == NoteState.FAILED ? "never by itself" : DisplayFormat.minute(group.due()),
                group.reason(),
                group.example(),
                group.detail()));
        open.print("Postponed or failed (explain NOTE_ID shows the history of a note)", "none", out);
        groups.stream()
                .map(OpenNotes.Group::reason)
                .distinct()
                .forEach(reason -> out.println(
                        "  %s: %s -> %s: %s".formatted(reason, reason.meaning(), reason.command(), reason.effect())));
        out.println(
                "  all notes of a reason: SELECT note_id, due_at, detail FROM worklist WHERE state IN ('POSTPONED', 'FAILED') AND reason = '%s'"
                        .formatted(groups.getFirst().reason()));
        worklist.stream()
                .filter(count -> count.notes() > LOOKED_AT
                        && (count.state() == NoteState.POSTPONED || count.state() == NoteState.FAILED))
                .forEach(count -> out.println(
                        "  of the %d notes that are %s, the %d that runs settled last were searched for examples and times"
                                .formatted(count.notes(), count.state(), LOOKED_AT)));
    }
}
