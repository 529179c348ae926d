package io.github.notearchive.nightly;

import io.github.notearchive.provider.ResponseMemory;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.listener.ItemProcessListener;
import org.springframework.batch.core.listener.ItemWriteListener;
import org.springframework.batch.infrastructure.item.Chunk;

/** Limits the entries of a note in the {@link ResponseMemory} to the time from processing to writing. */
record AnswerMemoryListener(ResponseMemory memory)
        implements ItemProcessListener<WorkItem, Disposition>, ItemWriteListener<Disposition> {

    @Override
    public void beforeProcess(WorkItem item) {
        memory.begin(item.id());
    }

    @Override
    public void afterProcess(WorkItem item, @Nullable Disposition disposition) {
        if (disposition == null) {
            memory.end(item.id());
        }
    }

    @Override
    public void onProcessError(WorkItem item, Exception e) {
        memory.end(item.id());
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
        notes.forEach(disposition -> memory.end(disposition.item().id()));
    }
}
