package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Our own limit of media bytes in one night, across restarts and nodes.
 *
 * <p>The catalog decides. It is asked once a second for what other nodes have stored, and whenever what this one has
 * stored since seems to use up the rest.
 */
@Component
class NightlyBytes {

    private static final Duration KNOWN_FOR = Duration.ofSeconds(1);

    private final MediaCatalog media;
    private final NightlyLimitProperties limits;
    private final Clock clock;
    private @Nullable Look last;

    NightlyBytes(MediaCatalog media, NightlyLimitProperties limits, Clock clock) {
        this.media = media;
        this.limits = limits;
        this.clock = clock;
    }

    /** What the catalog held at a moment, and what of it is certainly the run's own. */
    private record Look(Night night, long at, RunState run, long settled, long ofTheNight) {}

    /** Whether the night's bytes are stored, so that no more notes are to be taken up. */
    boolean isUsedUp(RunState run) {
        return refusal(run).isPresent();
    }

    /** The same, with what is said of it. */
    synchronized Optional<StartRefusal> refusal(RunState run) {
        long limit = limits.bytesPerNight().toBytes();
        if (limit == 0) {
            return Optional.empty();
        }
        Look look = last;
        if (look != null
                && look.run() == run
                && look.night().equals(Night.current(clock))
                && System.nanoTime() - look.at() < KNOWN_FOR.toNanos()
                && look.ofTheNight() + run.bytesStored.sum() - look.settled() < limit) {
            return Optional.empty();
        }
        last = look(run);
        return StartRefusal.ofBytes(limits, last.ofTheNight(), last.night());
    }

    private Look look(RunState run) {
        Night tonight = Night.current(clock);
        // before the catalog: what is settled meanwhile counts twice, not never
        long settled = run.bytesSettled.sum();
        return new Look(
                tonight,
                System.nanoTime(),
                run,
                settled,
                media.storedIn(tonight).bytes());
    }
}
