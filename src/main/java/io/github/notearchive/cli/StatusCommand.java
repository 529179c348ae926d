package io.github.notearchive.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.RestoredDump;
import io.github.notearchive.archive.catalog.SchemaDrift;
import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.Nodes;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.WorklistStats;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.batch.JobNames;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Health;
import io.github.notearchive.report.HealthCheck;
import java.time.Clock;
import java.time.Instant;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code status}: shows the state of the archive. */
@Command(name = "status")
final class StatusCommand extends JsonCommand {

    private static final int RUNS = 10;

    /** Number of notes of each state that are searched for examples. */
    static final int LOOKED_AT = 1_000;

    private static final int FIELDS = 10;

    @Option(names = "--fail-on", paramLabel = "LEVEL")
    private Health.@Nullable Level failOn;

    @Option(names = "--verbose")
    private boolean isVerbose;

    @Option(names = "--bill", paramLabel = "MONTH")
    private @Nullable YearMonth month;

    /** Calls of a calendar month of Asia/Shanghai by endpoint, and their sum. */
    record MonthOfCalls(String month, List<CallTotals.MonthlyBill> bills) {}

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
            @JsonUnwrapped Tonight tonight,
            List<Nodes.Node> nodes,
            List<RunHistory.RecordedExecution> runs,
            List<WorklistStats.OpenNotes> openNotes,
            Fixity fixity,
            SchemaDrift.Unreviewed newFields,
            ErasureList.ErasureCount forgotten) {}

    record Fixity(
            @Nullable Instant oldestVerified,
            JobExecutionQueries.@Nullable Execution lastAudit,
            Map<Damage.FindingKind, Long> openFindings) {}

    record Tonight(
            List<CallTotals.CallCount> callsTonight,
            @JsonInclude(JsonInclude.Include.NON_NULL) CallTotals.@Nullable Cost costTonight,
            VideoStatus videosTonight,
            RefreshStatus refreshes) {}

    /**
     * Tonight's calls for videos.
     *
     * @param enabled whether videos are bought
     * @param allowed configured limit of a night; 0 for none
     */
    record VideoStatus(boolean enabled, CallTotals.Bill bill, int allowed) {}

    /**
     * Refreshes of archived notes.
     *
     * @param policy when notes without an own interval are refreshed
     * @param allowed configured limit of these calls in a night; 0 for none
     */
    record RefreshStatus(
            String policy, WorklistStats.PlannedRefreshes notes, CallTotals.Bill billTonight, int allowed) {}

    /** Model of the text template. */
    record Screen(Status status, boolean isVerbose, NightlySettings settings) {

        long callsTonight(boolean isBilled) {
            return status.tonight().callsTonight().stream()
                    .filter(count -> !isBilled || count.billed() == Billed.YES)
                    .mapToLong(CallTotals.CallCount::calls)
                    .sum();
        }
    }

    @Override
    public Integer call() throws Exception {
        refuseIf(failOn == Health.Level.HEALTHY, "--fail-on must be ATTENTION or BROKEN, but is HEALTHY");
        YearMonth billed = month;
        if (billed != null) {
            refuseIf(isVerbose || failOn != null, "--bill takes neither --verbose nor --fail-on");
            return read(context -> {
                print(
                        new MonthOfCalls(
                                billed.toString(), context.get(CallTotals.class).in(billed)),
                        "month");
                return ExitCode.COMPLETED;
            });
        }
        return read(context -> {
            Status status = status(context);
            print(status, "status", new Screen(status, isVerbose, context.get(NightlySettings.class)));
            return failOn != null && status.health().level().compareTo(failOn) >= 0
                    ? ExitCode.INCOMPLETE
                    : ExitCode.COMPLETED;
        });
    }

    private static Status status(CommandContext context) {
        Clock clock = context.get(Clock.class);
        WorklistStats worklist = context.get(WorklistStats.class);
        JobExecutionQueries executions = context.get(JobExecutionQueries.class);
        AuditRepository audits = context.get(AuditRepository.class);
        Night tonight = Night.current(clock);
        return new Status(
                context.get(ArchiveLocation.class).address(),
                context.get(HealthCheck.class)
                        .check(context.get(RestoredDump.class).difference()),
                clock.instant(),
                tonight.toString(),
                executions.isRebuildUnfinished(),
                worklist.countByState(),
                context.get(QuotaHolds.class).current().orElse(null),
                tonight(context, tonight),
                context.get(Nodes.class).all(tonight),
                context.get(RunHistory.class).latest(RUNS),
                worklist.openNotes(LOOKED_AT),
                new Fixity(
                        audits.verified(clock.instant()).oldest(),
                        executions.newest(JobNames.VERIFY, null).orElse(null),
                        audits.countOpen()),
                context.get(SchemaDrift.class).unreviewed(FIELDS),
                context.get(ErasureList.class).count());
    }

    private static Tonight tonight(CommandContext context, Night tonight) {
        CallTotals totals = context.get(CallTotals.class);
        NightlySettings settings = context.get(NightlySettings.class);
        return new Tonight(
                totals.countsIn(tonight),
                totals.costIn(tonight),
                new VideoStatus(
                        settings.videos().enabled(),
                        totals.in(tonight, CallTotals.CallPurpose.VIDEO),
                        settings.videos().callsPerNight()),
                new RefreshStatus(
                        settings.refreshes().policy(),
                        context.get(WorklistStats.class).refreshes(),
                        totals.in(tonight, CallTotals.CallPurpose.REFRESH),
                        settings.refreshCallsPerNight()));
    }
}
