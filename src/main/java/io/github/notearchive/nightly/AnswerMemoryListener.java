package io.github.notearchive.nightly;

import io.github.notearchive.archive.worklist.WorklistItem;
import io.github.notearchive.provider.ResponseMemory;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.listener.ItemProcessListener;
import org.springframework.batch.core.listener.ItemWriteListener;
import org.springframework.batch.infrastructure.item.Chunk;

/** Limits the entries of a note in the {@link ResponseMemory} to the time from processing to writing. */
record AnswerMemoryListener(ResponseMemory memory)
        implements ItemProcessListener<WorklistItem, Disposition>, ItemWriteListener<Disposition> {

    @Override
    public void beforeProcess(WorklistItem claimed) {
        memory.begin(claimed.id());
    }

    @Override
    public void afterProcess(WorklistItem claimed, @Nullable Disposition disposition) {
        if (disposition == null) {
            memory.end(claimed.id());
        }
    }

    @Override
    public void onProcessError(WorklistItem claimed, Exception e) {
        memory.end(claimed.id());
    }

    @Override
    public void afterWrite(Chunk<? extends Disposition> written) {
        end(written);
    }

    @Override
    public void onWriteError(Exception e, Chunk<? extends Disposition> unwritten) {
        end(unwritten);
    }

    private void end(Chunk<? extends Disposition> notes) {
        notes.forEach(disposition -> memory.end(disposition.claimed().id()));
    }
}
