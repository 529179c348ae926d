package io.github.notearchive.job;

import io.github.notearchive.source.AnswerMemory;
import io.github.notearchive.worklist.ClaimedNote;
import org.jspecify.annotations.Nullable;
import org.springframework.batch.core.listener.ItemProcessListener;
import org.springframework.batch.core.listener.ItemWriteListener;
import org.springframework.batch.infrastructure.item.Chunk;

/** Bounds of a note's part of the {@link AnswerMemory}: from its claim until it is written. */
record AnswerMemoryListener(AnswerMemory memory)
        implements ItemProcessListener<ClaimedNote, NoteDisposition>, ItemWriteListener<NoteDisposition> {

    @Override
    public void beforeProcess(ClaimedNote claimed) {
        memory.begin(claimed.id());
    }

    @Override
    public void afterProcess(ClaimedNote claimed, @Nullable NoteDisposition disposition) {
        if (disposition == null) {
            memory.end(claimed.id());
        }
    }

    @Override
    public void onProcessError(ClaimedNote claimed, Exception e) {
        memory.end(claimed.id());
    }

    @Override
    public void afterWrite(Chunk<? extends NoteDisposition> written) {
        end(written);
    }

    @Override
    public void onWriteError(Exception e, Chunk<? extends NoteDisposition> unwritten) {
        end(unwritten);
    }

    private void end(Chunk<? extends NoteDisposition> notes) {
        notes.forEach(disposition -> memory.end(disposition.claimed().id()));
    }
}
