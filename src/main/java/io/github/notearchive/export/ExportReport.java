package io.github.notearchive.export;

import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What an export came to.
 *
 * @param rows how many rows each table has
 * @param files how many files there are, the manifest aside
 * @param bytes how long they are together
 * @param copied how many files of media are among them
 * @param missing media that the store did not give, or gave other bytes for
 * @param missingExamples the first of them
 * @param ids what became of the file of ids; null when there was none
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

    /**
     * A file that is not in the export although its row says that it is stored.
     *
     * @param key where it should lie in the store
     * @param reason what is wrong, for a person to read
     */
    public record MissingObject(String key, String reason) {}

    /**
     * The ids that were asked for.
     *
     * @param named how many different ones
     * @param notArchived how many of them were never captured
     * @param examples the first of those
     */
    public record NamedIds(long named, long notArchived, List<String> examples) {}

    /** Whether everything that was asked for is there. */
    public boolean isWhole() {
        return missing == 0 && (ids == null || ids.notArchived() == 0);
    }
}
