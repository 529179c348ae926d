package io.github.notearchive.archive.ledger;

import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Observer of the provider's responses. Exceptions are logged and ignored. */
@FunctionalInterface
public interface CallListener {

    /**
     * Called once for each response, after it was recorded or its recording failed, on the thread of the call.
     *
     * @param code the provider's code; null for a response without one
     * @param took from sending to the complete response
     */
    void onResponse(Endpoint endpoint, @Nullable Integer code, Billed billed, Duration took);
}
