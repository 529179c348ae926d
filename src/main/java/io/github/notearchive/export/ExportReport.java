package io.github.notearchive.export;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Result of a completed export.
 *
 * @param rows number of rows by table
 * @param files number of files, including the manifest
 * @param bytes total size of the files
 * @param copied number of media files among them
 * @param missing number of objects that the store did not deliver, or delivered with other bytes
 * @param ids result for the id file; null if there was none
 */
public record ExportReport(
        Path target,
        SequencedMap<String, Long> rows,
        long files,
        long bytes,
        long copied,
        long missing,
        List<MissingObject> missingExamples,
        @Nullable NamedIds ids) {

    /** Stored object that the export does not contain, and the reason for display. */
    public record MissingObject(@JsonProperty("objectKey") String key, String reason) {}

    /**
     * Requested note ids.
     *
     * @param named number of distinct ids
     * @param notArchived number of ids that were never captured
     */
    public record NamedIds(
            long named,
            long notArchived,
            @JsonProperty("notArchivedExamples") List<String> examples) {}

    /** Returns whether no object and no requested note is missing. */
    public boolean isWhole() {
        return missing == 0 && (ids == null || ids.notArchived() == 0);
    }
}
