package io.github.notearchive.maintenance.remap;

import io.github.notearchive.archive.catalog.StoredResponses;
import io.github.notearchive.archive.catalog.StoredResponses.Page;
import io.github.notearchive.batch.CurrentStep;
import io.github.notearchive.batch.JobStopper;
import io.github.notearchive.provider.ResponseReader;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.infrastructure.item.ExecutionContext;
import org.springframework.batch.infrastructure.item.ItemStreamReader;
import org.springframework.stereotype.Component;

/**
 * Reads the stored answers page by page, in the order of note and time, and keeps the place behind the last page that
 * was written, which is committed with that page's rows.
 *
 * <p>A closed gate ends it and marks the step to terminate.
 */
@Component
class RemapReader implements ItemStreamReader<Page> {

    private final StoredResponses answers;
    private final ResponseReader reader;
    private final JobStopper gate;
    private final ActiveRemaps remaps;

    RemapReader(StoredResponses answers, ResponseReader reader, JobStopper gate, ActiveRemaps remaps) {
        this.answers = answers;
        this.reader = reader;
        this.gate = gate;
        this.remaps = remaps;
    }

    @Override
    public void open(ExecutionContext context) {
        remaps.current().restore(context);
    }

    @Override
    public @Nullable Page read() {
        if (gate.isClosed()) {
            CurrentStep.end();
            return null;
        }
        return next();
    }

    /** The next page; null when all answers are read. */
    @Nullable
    Page next() {
        ActiveRemap remap = remaps.current();
        Page page = answers.next(
                remap.last(),
                remap.options().all(),
                (id, callId, capturedAt, body, answer) ->
                        reader.noteIn(answer, id).map(found -> found.capture(id, callId, capturedAt, body)));
        return page.answers() == 0 ? null : page;
    }

    @Override
    public void update(ExecutionContext context) {
        remaps.current().keep(context);
    }
}
