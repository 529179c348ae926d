package io.github.notearchive.cli.check;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.ProviderPing;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreProperties;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Checks of store and provider, and of the clocks of all servers. Makes no paid call. */
final class ServerChecks {

    /** Maximum clock drift: servers may report whole seconds, and a response takes time. */
    private static final Duration CLOCK_DRIFT = Duration.ofSeconds(5);

    /** Tolerance for a clock that was ahead when notes were enqueued. */
    private static final Duration AHEAD = Duration.ofMinutes(1);

    private final CommandContext context;
    private final Clock clock;
    private @Nullable Duration storeDrift;
    private @Nullable Duration providerDrift;

    ServerChecks(CommandContext context) {
        this.context = context;
        this.clock = context.get(Clock.class);
    }

    /** Returns whether a store is configured, so that none has to be started. */
    boolean hasEndpoint() {
        try {
            return context.get(StoreProperties.class).hasEndpoint();
        } catch (RuntimeException e) {
            return true; // the settings are invalid, which another check reports
        }
    }

    /** Writes, reads and deletes an object, and checks that bucket and tables belong to the same archive. */
    Finding store(DatabaseChecks database) {
        Finding store = store();
        return store.result() == Finding.Result.OK && database.noTables() == null
                ? context.get(ArchiveRevision.class)
                        .difference()
                        .map(Finding::wrong)
                        .orElse(store)
                : store;
    }

    private Finding store() {
        StoreProperties settings = context.get(StoreProperties.class);
        ObjectStore store = context.get(ObjectStore.class);
        String where = "bucket " + settings.bucket() + " at " + settings.endpoint();
        if (!settings.hasEndpoint()) {
            where = "bucket %s, embedded, %s"
                    .formatted(
                            settings.bucket(),
                            context.get(EmbeddedStore.class).joined()
                                    ? "run by another process of this program"
                                    : "started for this check");
        }
        if (!store.hasBucket()) {
            return settings.createBucket()
                    ? Finding.ok(where + ": the bucket does not exist yet; the first run creates it")
                    : Finding.wrong(
                            where + ": the bucket does not exist; create it, or set archive.store.create-bucket");
        }
        ObjectKey key = new ObjectKey("check/" + UUID.randomUUID());
        byte[] probe = ("probe of " + clock.instant()).getBytes(StandardCharsets.UTF_8);
        store.putBytes(key, probe, "text/plain");
        boolean isSame = Arrays.equals(probe, store.read(key));
        Instant asked = clock.instant();
        storeDrift = store.time().map(time -> drift(asked, time)).orElse(null);
        try {
            store.remove(key.value());
            if (store.stat(key).isPresent()) {
                return Finding.warning(where + ": object " + key + " still exists after DELETE");
            }
        } catch (StoreException e) {
            return Finding.warning(
                    "%s: an object can be written and read, but not deleted, which only verify --delete-orphans and forget need; %s remains: %s"
                            .formatted(where, key, e.getMessage()));
        }
        return isSame
                ? Finding.ok(where + ": an object was written, read back, compared and deleted")
                : Finding.unavailable(
                        where + ": an object that was written reads back as other bytes; check the store");
    }

    Finding provider() throws IOException {
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        ProviderPing.Pong pong;
        Instant asked = clock.instant();
        try {
            pong = context.get(ProviderPing.class).send();
        } catch (IOException e) {
            return Finding.unavailable(e.getMessage() + "; check JUSTONEAPI_BASE_URL, the network and its proxy");
        }
        providerDrift = pong.ahead(asked, clock.instant()).orElse(null);
        String found = source.baseUrl() + " answers /ping with HTTP " + pong.status();
        return pong.status() < 400
                ? Finding.ok(found + "; no paid call was made")
                : Finding.warning(found + "; check JUSTONEAPI_BASE_URL");
    }

    /** Returns how far another clock is ahead of ours, which was read before the request and now. */
    private Duration drift(Instant asked, Instant theirs) {
        Duration took = Duration.between(asked, clock.instant());
        return Duration.between(asked.plus(took.dividedBy(2)), theirs);
    }

    /** Compares this machine's clock with those of the servers, and with the tables. */
    Finding clock(DatabaseChecks database) {
        List<String> equal = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        if (database.noServer() == null) {
            Instant asked = clock.instant();
            compare("database", drift(asked, database.clock()), equal, problems);
        }
        compare("store", storeDrift, equal, problems);
        compare("provider", providerDrift, equal, problems);
        if (database.noTables() == null) {
            long later = database.newNotesDueAfter(clock.instant().plus(AHEAD));
            if (later > 0) {
                problems.add(
                        "%s due only later: a clock was ahead when they were enqueued; note-archive requeue --state PENDING makes them due now"
                                .formatted(DisplayFormat.plural(later, "new note")));
            }
        }
        if (!problems.isEmpty()) {
            return Finding.warning(String.join("; ", problems));
        }
        return equal.isEmpty()
                ? Finding.skipped("no other clock is available")
                : Finding.ok(
                        "at most " + CLOCK_DRIFT.toSeconds() + " s from the clock of: " + String.join(", ", equal));
    }

    private static void compare(String whose, @Nullable Duration drift, List<String> equal, List<String> problems) {
        if (drift == null) {
            return;
        }
        if (drift.abs().compareTo(CLOCK_DRIFT) <= 0) {
            equal.add(whose);
        } else {
            problems.add(
                    "this machine's clock is %s %s that of the %s; set it (NTP), since nights and quotas depend on it"
                            .formatted(
                                    DisplayFormat.took(drift.abs()),
                                    drift.isNegative() ? "ahead of" : "behind",
                                    whose));
        }
    }
}
