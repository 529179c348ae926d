package io.github.notearchive.maintenance.erase;

import io.github.notearchive.note.NoteId;
import java.util.List;
import java.util.Map;

/**
 * What was forgotten, or would be.
 *
 * @param dryRun whether nothing was changed
 * @param notes the notes that were asked for, and those whose forgetting had been interrupted
 * @param author whether a person is forgotten as well
 * @param rows rows removed, by table; those of {@code api_call} stay for the bill and are emptied
 * @param files files of the notes that are removed from the store
 * @param fileBytes their bytes
 * @param sidecars exact answers that are removed from the store
 * @param sidecarBytes their bytes
 * @param sharedFiles files that stay, since other notes use them
 * @param sharedBytes their bytes
 * @param unwrittenAnswers answers that lay in files of this node
 * @param reports reports of nights that name a note, of this machine and in the bucket; report makes them again without
 *     it
 * @param namedIn other people's notes that name the person, and in whose texts and answers the name stays
 */
public record ErasureReport(
        boolean dryRun,
        List<String> notes,
        boolean author,
        Map<String, Long> rows,
        long files,
        long fileBytes,
        long sidecars,
        long sidecarBytes,
        long sharedFiles,
        long sharedBytes,
        long unwrittenAnswers,
        long reports,
        List<String> namedIn) {

    static List<String> texts(List<NoteId> notes) {
        return notes.stream().map(NoteId::value).toList();
    }
}
