package io.github.notearchive.export;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * State of one running export, shared by the writers of its format.
 *
 * @param rows number of written rows by table, in the order of writing
 */
record Export(
        ExportOptions options,
        DataSet data,
        Snapshot snapshot,
        StagingDirectory directory,
        MediaCopies media,
        Pseudonyms pseudonyms,
        SequencedMap<String, Long> rows) {

    Export(
            ExportOptions options,
            Snapshot snapshot,
            StagingDirectory directory,
            MediaCopies media,
            Pseudonyms pseudonyms) {
        this(
                options,
                DataSet.of(options.authors(), options.media()),
                snapshot,
                directory,
                media,
                pseudonyms,
                new LinkedHashMap<>());
    }

    /** Returns the pseudonym of a person's id, or the id if the export does not hash ids. */
    String pseudonym(String id) {
        return options.authors() == AuthorMode.HASH ? pseudonyms.of(id) : id;
    }

    /**
     * Returns the conversion of database values to exported values.
     *
     * @param path returns the path of an object's copy by its key; null if the export has no copy
     */
    Rows.Conversion conversion(Function<String, @Nullable String> path) {
        return (column, value) -> switch (column.content()) {
            case PLAIN, PERSON, AUTHOR_TRAIT, OBJECT_KEY -> value;
            case PERSON_ID -> pseudonym((String) value);
            case OBJECT_URL -> media.presign((String) value, options.presignFor());
            case OBJECT_PATH -> path.apply((String) value);
        };
    }
}
