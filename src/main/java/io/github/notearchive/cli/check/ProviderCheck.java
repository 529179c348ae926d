package io.github.notearchive.cli.check;

import io.github.notearchive.cli.CommandContext;
import io.github.notearchive.cli.check.Check.Seen;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.ProviderPing;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Looks whether the provider can be reached. Makes no paid call. */
final class ProviderCheck implements Check {

    private final CommandContext context;
    private final Clock clock;
    private @Nullable Duration drift;

    ProviderCheck(CommandContext context) {
        this.context = context;
        this.clock = context.get(Clock.class);
    }

    @Override
    public Seen look() throws IOException {
        NoteSourceProperties source = context.get(NoteSourceProperties.class);
        ProviderPing.Pong pong;
        Instant asked = clock.instant();
        try {
            pong = context.get(ProviderPing.class).send();
        } catch (IOException e) {
            return Seen.away(e.getMessage() + "; check JUSTONEAPI_BASE_URL, the network and its proxy");
        }
        drift = pong.ahead(asked, clock.instant()).orElse(null);
        String found = source.baseUrl() + " answers /ping with HTTP " + pong.status();
        return pong.status() < 400
                ? Seen.ok(found + "; no paid call was made")
                : Seen.warning(found + ", which is no good sign; is JUSTONEAPI_BASE_URL right?");
    }

    /** How far its clock is ahead of ours; null where that was not seen. */
    @Nullable
    Duration drift() {
        return drift;
    }
}
