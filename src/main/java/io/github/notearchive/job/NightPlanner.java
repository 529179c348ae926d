package io.github.notearchive.job;

import io.github.notearchive.catalog.MediaCatalog;
import io.github.notearchive.ledger.CallTotals;
import io.github.notearchive.note.Night;
import io.github.notearchive.source.NoteSourceProperties;
import io.github.notearchive.source.RefreshProperties;
import io.github.notearchive.source.VideoProperties;
import io.github.notearchive.worklist.ForgottenNotes;
import java.time.Clock;
import java.util.List;
import org.springframework.stereotype.Component;

/** Plans the night from the tables and the settings. Makes no call, claims nothing, writes nothing. */
@Component
public class NightPlanner {

    private final Backlog backlog;
    private final CallTotals totals;
    private final MediaCatalog media;
    private final SourceGate gate;
    private final Executions executions;
    private final ForgottenNotes forgotten;
    private final ArchiveProperties settings;
    private final NoteSourceProperties source;
    private final VideoProperties videos;
    private final RefreshProperties refreshes;
    private final NightlyLimitProperties limits;
    private final Clock clock;

    NightPlanner(
            Backlog backlog,
            CallTotals totals,
            MediaCatalog media,
            SourceGate gate,
            Executions executions,
            ForgottenNotes forgotten,
            ArchiveProperties settings,
            NoteSourceProperties source,
            VideoProperties videos,
            RefreshProperties refreshes,
            NightlyLimitProperties limits,
            Clock clock) {
        this.backlog = backlog;
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

    /** Plans a run of this node that would begin now. */
    public NightPlan plan() {
        return new PlanDraft(facts(), settings, source, videos, refreshes, limits).plan();
    }

    /** What is left of our own limits tonight. */
    public List<NightPlan.Limit> limits() {
        Night tonight = Night.current(clock);
        return PlanDraft.limits(
                totals.made(tonight), media.storedIn(tonight).bytes(), source, videos, refreshes, limits);
    }

    private PlanFacts facts() {
        Night tonight = Night.current(clock);
        String node = settings.node();
        boolean running = executions.isRunActive(node);
        return new PlanFacts(
                clock.instant(),
                running,
                executions.isRebuildUnfinished(),
                gate.current(),
                backlog.groups(node, running),
                backlog.claims(node, running),
                backlog.failed(),
                forgotten.count().notes(),
                backlog.refreshes(node, running, refreshes.policy()),
                videos.enabled() ? backlog.videosToBuy(node, running) : 0,
                videos.enabled() ? backlog.videos() : Backlog.Share.NONE,
                totals.made(tonight),
                media.storedIn(tonight).bytes(),
                backlog.calls(),
                backlog.files(),
                backlog.bytesPerAnswer(),
                backlog.answersBeforeStops());
    }
}
