package io.github.notearchive.cli.check;

import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreProperties;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Looks at the store by an object that is written, read and deleted again. */
final class StoreCheck implements Check {

    private final CommandContext context;
    private final Clock clock;
    private @Nullable Duration drift;

    StoreCheck(CommandContext context) {
        this.context = context;
        this.clock = context.get(Clock.class);
    }

    /** Whether it is a server of somebody, and has not to be started. */
    boolean hasEndpoint() {
        try {
            return context.get(StoreProperties.class).hasEndpoint();
        } catch (RuntimeException e) {
            return true; // the settings are wrong, and the check says so
        }
    }

    @Override
    public Seen look() {
        StoreProperties settings = context.get(StoreProperties.class);
        ObjectStore store = context.get(ObjectStore.class);
        String where = "bucket "
                + settings.bucket()
                + (settings.hasEndpoint()
                        ? " at " + settings.endpoint()
                        : ", embedded, "
                                + (context.get(EmbeddedStore.class).joined()
                                        ? "run by another process of this program"
                                        : "started for this check"));
        if (!store.hasBucket()) {
            return settings.createBucket()
                    ? Seen.ok(where + ": it is not there yet, and the first run creates it")
                    : Seen.wrong(where + ": it is not there; create it, or set archive.store.create-bucket");
        }
        ObjectKey key = new ObjectKey("check/" + UUID.randomUUID());
        byte[] probe = ("probe of " + clock.instant()).getBytes(StandardCharsets.UTF_8);
        store.putBytes(key, probe, "text/plain");
        boolean isSame = Arrays.equals(probe, store.read(key));
        Instant asked = clock.instant();
        drift = store.time().map(time -> ClockCheck.drift(clock, asked, time)).orElse(null);
        try {
            store.remove(key.value());
            if (store.stat(key).isPresent()) {
                return Seen.warning(where + ": object " + key + " is still there after DELETE");
            }
        } catch (StoreException e) {
            return Seen.warning(
                    "%s: an object can be written and read, but not deleted, which only verify --delete-orphans and forget need; %s is left: %s"
                            .formatted(where, key, e.getMessage()));
        }
        return isSame
                ? Seen.ok(where + ": an object was written, read back, compared and deleted")
                : Seen.away(
                        where + ": an object that was written reads back as other bytes; look at the store's health");
    }

    /** How far its clock is ahead of ours; null where that was not seen. */
    @Nullable
    Duration drift() {
        return drift;
    }
}
