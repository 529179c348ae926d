package io.github.notearchive.job;

import io.github.notearchive.ledger.ApiCalls;
import io.github.notearchive.note.Night;
import io.github.notearchive.source.NightlyCalls;
import io.github.notearchive.source.NoteSourceProperties;
import io.github.notearchive.worklist.Claims;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * What comes between the node's lock and a run.
 *
 * <p>In this order: a rebuild that is not finished; whether the bucket is that of the database, since spooled responses
 * are written only into a database that is; what a killed process left behind; the gate of an earlier 303; our own
 * limits of the night; whether provider and store can be reached; the housekeeping. A closed gate, or a used-up limit
 * of calls, denies a run only when no note is due whose response is held.
 */
@Component
class Preflight {

    private final Executions executions;
    private final Recovery recovery;
    private final SourceGate sourceGate;
    private final ApiCalls calls;
    private final NightlyBytes bytes;
    private final NoteSourceProperties sourceSettings;
    private final Backlog backlog;
    private final Claims claims;
    private final Reachability reachability;
    private final Housekeeping housekeeping;
    private final Clock clock;

    Preflight(
            Executions executions,
            Recovery recovery,
            SourceGate sourceGate,
            ApiCalls calls,
            NightlyBytes bytes,
            NoteSourceProperties sourceSettings,
            Backlog backlog,
            Claims claims,
            Reachability reachability,
            Housekeeping housekeeping,
            Clock clock) {
        this.executions = executions;
        this.recovery = recovery;
        this.sourceGate = sourceGate;
        this.calls = calls;
        this.bytes = bytes;
        this.sourceSettings = sourceSettings;
        this.backlog = backlog;
        this.claims = claims;
        this.reachability = reachability;
        this.housekeeping = housekeeping;
        this.clock = clock;
    }

    /** Makes ready for a run of a node whose lock is held, or says why it does not begin. */
    Clearance of(ActiveRun run) {
        Optional<Refusal> held = Refusal.ofRebuild(executions.isRebuildUnfinished())
                .or(reachability::refusalOfBucket)
                .or(() -> recover(run.node()));
        if (held.isPresent()) {
            return new Clearance.Denied(held.get());
        }
        Night tonight = Night.current(clock);
        NightlyCalls made = calls.count(tonight);
        Optional<Refusal> noCalls =
                ofGate(run.options()).or(() -> Refusal.ofCalls(sourceSettings.callsPerNight(), made, tonight));
        noCalls.ifPresent(_ -> backlog.markPaid());
        Optional<Refusal> refusal = noCalls.filter(_ -> !claims.isHeldDue(run.node()))
                .or(() -> bytes.refusal(run))
                .or(noCalls.isPresent() ? reachability::refusalOfStore : reachability::refusal);
        if (refusal.isPresent()) {
            return new Clearance.Denied(refusal.get());
        }
        housekeeping.tidy();
        return new Clearance.Granted(tonight, made, noCalls.orElse(null));
    }

    private Optional<Refusal> recover(String node) {
        // before the gate is looked at: what closes it from now on ends this run, too
        calls.stops().heedFromNow();
        try {
            recovery.recover(node);
            return Optional.empty();
        } catch (UncheckedIOException e) {
            return Optional.of(Refusal.of(ExitCode.USAGE, String.valueOf(e.getMessage())));
        }
    }

    private Optional<Refusal> ofGate(RunOptions options) {
        return Refusal.ofGate(sourceGate.current()).filter(_ -> !options.force());
    }
}
