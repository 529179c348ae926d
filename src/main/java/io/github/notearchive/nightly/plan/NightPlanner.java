package io.github.notearchive.nightly.plan;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.query.CallTotals;
import io.github.notearchive.archive.query.MediaTotals;
import io.github.notearchive.archive.query.PlanStats;
import io.github.notearchive.archive.worklist.RefreshPlan;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.nightly.NightlySettings;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Instant;
import org.springframework.stereotype.Component;

/** Plans the night from tables and settings. Makes no call, claims nothing, writes nothing. */
@Component
public final class NightPlanner {

    private final PlanStats stats;
    private final CallTotals calls;
    private final MediaTotals media;
    private final QuotaHolds gate;
    private final JobExecutionQueries executions;
    private final RefreshPlan refreshes;
    private final NightlySettings settings;
    private final Clock clock;

    NightPlanner(
            PlanStats stats,
            CallTotals calls,
            MediaTotals media,
            QuotaHolds gate,
            JobExecutionQueries executions,
            RefreshPlan refreshes,
            NightlySettings settings,
            Clock clock) {
        this.stats = stats;
        this.calls = calls;
        this.media = media;
        this.gate = gate;
        this.executions = executions;
        this.refreshes = refreshes;
        this.settings = settings;
        this.clock = clock;
    }

    public NightPlan plan() {
        Instant now = clock.instant();
        Night tonight = Night.of(now);
        String node = settings.archive().node();
        boolean isRunning = executions.isRunActive(node);
        boolean videos = settings.videos().enabled();
        return new PlanCalculator(
                        now,
                        isRunning,
                        executions.isRebuildUnfinished(),
                        gate.current(),
                        stats.read(
                                new PlanStats.PlannedRun(
                                        node, isRunning, settings.refreshes().policy(), videos),
                                now),
                        refreshes.dueByValue(),
                        calls.made(tonight),
                        media.storedIn(tonight).bytes(),
                        stats.measure(now, videos),
                        settings)
                .plan();
    }
}
