package io.github.notearchive.maintenance.erase;

import java.util.List;
import java.util.Map;

/**
 * Result of an erasure, or of its preview.
 *
 * @param dryRun whether nothing was changed
 * @param notes requested notes, and those of interrupted erasures
 * @param author whether a person is erased as well
 * @param rows removed rows by table; those of {@code api_call} are emptied and kept for the bill
 * @param files removed files
 * @param fileBytes bytes of these
 * @param sidecars removed sidecars
 * @param sidecarBytes bytes of these
 * @param sharedFiles files that are kept, since other notes use them
 * @param sharedBytes bytes of these
 * @param unwrittenAnswers removed responses in spool files of this node
 * @param reports removed reports that name a note, of this node and in the bucket; the command report creates them
 *     again
 * @param namedIn notes of other people that name the person, whose texts and responses are not changed
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
        List<String> namedIn) {}
