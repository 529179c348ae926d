package io.github.notearchive.maintenance.erase;

import io.github.notearchive.archive.catalog.ErasureRepository.Copies;
import io.github.notearchive.archive.catalog.ErasureRepository.Mentions;
import io.github.notearchive.archive.ledger.CallRepository;
import io.github.notearchive.archive.ledger.ResponseSpool;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.util.List;
import org.springframework.stereotype.Component;
import org.springframework.util.FileSystemUtils;

/**
 * Copies of erased content outside of the tables and the bucket's notes: spool files, reports, published tables,
 * thumbnails.
 */
@Component
final class ErasedCopies {

    private final CallRepository calls;
    private final ResponseSpool spool;
    private final Mentions mentions;
    private final Copies published;
    private final ArchiveProperties settings;

    ErasedCopies(
            CallRepository calls,
            ResponseSpool spool,
            Mentions mentions,
            Copies published,
            ArchiveProperties settings) {
        this.calls = calls;
        this.spool = spool;
        this.mentions = mentions;
        this.published = published;
        this.settings = settings;
    }

    /** Removes responses of this node that are not in the ledger, which keeps what they cost; returns their number. */
    long removeSpooled(List<NoteId> notes) throws IOException {
        return Long.sum(calls.persistErased(notes), spool.remove(notes));
    }

    /** Returns the number of reports that name a note. */
    long countMentions(List<NoteId> notes) throws IOException {
        return mentions.removeNaming(notes, true);
    }

    /** Removes the reports that name a note; returns their number. */
    long removeMentions(List<NoteId> notes) throws IOException {
        return mentions.removeNaming(notes, false);
    }

    /** Rewrites the published tables without what was erased. */
    void removePublished(RunnerLock lock) throws IOException {
        published.removeErased(lock::requireHeld);
    }

    void removeThumbnails() throws IOException {
        FileSystemUtils.deleteRecursively(settings.thumbnails());
    }
}
