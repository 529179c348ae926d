package io.github.notearchive.nightly.plan;

import io.github.notearchive.archive.ledger.QuotaHolds;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.MediaTotals;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.nightly.NightlyLimitProperties;
import io.github.notearchive.note.Night;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.RefreshProperties;
import io.github.notearchive.provider.VideoProperties;
import java.time.Clock;
import java.util.List;
import org.springframework.stereotype.Component;

/** Plans the night from tables and settings. Makes no call, claims nothing, writes nothing. */
@Component
public class NightPlanner {

    private final PlanQueries queries;
    private final CallTotals totals;
    private final MediaTotals media;
    private final QuotaHolds gate;
    private final JobExecutionQueries executions;
    private final ErasureList forgotten;
    private final ArchiveProperties settings;
    private final NoteSourceProperties source;
    private final VideoProperties videos;
    private final RefreshProperties refreshes;
    private final NightlyLimitProperties limits;
    private final Clock clock;

    NightPlanner(
            PlanQueries queries,
            CallTotals totals,
            MediaTotals media,
            QuotaHolds gate,
            JobExecutionQueries executions,
            ErasureList forgotten,
            ArchiveProperties settings,
            NoteSourceProperties source,
            VideoProperties videos,
            RefreshProperties refreshes,
            NightlyLimitProperties limits,
            Clock clock) {
        this.queries = queries;
        this.totals = totals;
        this.media = media;
        this.gate = gate;
        this.executions = executions;
        this.forgotten = forgotten;
        this.settings = settings;
        this.source = source;
        this.videos = videos;
        this.refreshes = refreshes;
        this.limits = limits;
        this.clock = clock;
    }

    /** Returns the plan of a run of this node that starts now. */
    public NightPlan plan() {
        return new PlanCalculator(inputs(), settings, source, videos, refreshes, limits).plan();
    }

    /** Returns the configured limits and their remainder tonight. */
    public List<NightPlan.Limit> limits() {
        Night tonight = Night.current(clock);
        return PlanCalculator.limits(
                totals.made(tonight), media.storedIn(tonight).bytes(), source, videos, refreshes, limits);
    }

    private PlanInputs inputs() {
        Night tonight = Night.current(clock);
        String node = settings.node();
        boolean running = executions.isRunActive(node);
        return new PlanInputs(
                clock.instant(),
                running,
                executions.isRebuildUnfinished(),
                gate.current(),
                queries.groups(node, running),
                queries.claims(node, running),
                queries.failed(),
                forgotten.count().notes(),
                queries.refreshes(node, running, refreshes.policy()),
                videos.enabled() ? queries.videosToBuy(node, running) : 0,
                videos.enabled() ? queries.videos() : PlanQueries.Share.NONE,
                totals.made(tonight),
                media.storedIn(tonight).bytes(),
                queries.calls(),
                queries.files(),
                queries.bytesPerAnswer(),
                queries.answersBeforeStops());
    }
}
