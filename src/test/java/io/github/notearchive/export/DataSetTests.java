package io.github.notearchive.export;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What the database knows of notes is exported, or left out on purpose. */
class DataSetTests {

    /** Keys of ours, what the program keeps for its own work, and the whole answer. */
    private static final Set<String> LEFT_OUT = Set.of(
            "author.updated_at",
            "note.author_id", // as author.author_id
            "note.mapper_version",
            "note_capture.response",
            "note_capture.call_id",
            "note_capture.mapper_version",
            "note_capture.sidecar_verified_at",
            "note_media.captured_at",
            "note_media.checks",
            "note_media.dead_night",
            "note_media.error",
            "note_media.sha256", // as media_object.sha256
            "note_media.updated_at",
            "media_object.stored_at",
            "media_object.verified_at");

    @Test
    void everyColumnOfANoteIsExportedOrLeftOutByName() {
        Set<String> exported = new TreeSet<>();
        Set<String> tables = new TreeSet<>(Set.of("author", "media_object"));
        for (Table table : DataSet.of(AuthorMode.KEEP, MediaMode.COPY).tables()) {
            tables.add(table.source());
            table.columns().stream()
                    .filter(column -> column.source() != null)
                    .forEach(column -> exported.add(column.source()));
        }

        List<String> columns = ArchiveDatabase.emptied()
                .jdbc()
                .sql("""
                                SELECT table_name || '.' || column_name FROM information_schema.columns
                                WHERE table_schema = current_schema() AND table_name IN (:tables) AND column_name <> 'note_id'
                                """)
                .param("tables", tables)
                .query(String.class)
                .list();

        Set<String> left = new TreeSet<>(columns);
        left.removeAll(exported);
        assertThat(left).containsExactlyInAnyOrderElementsOf(LEFT_OUT);
    }

    @Test
    void whatSaysSomethingOfPeopleIsMarkedAsSuch() {
        Set<String> people = new TreeSet<>();
        for (Table table : DataSet.of(AuthorMode.OMIT, MediaMode.COPY).tables()) {
            table.columns().forEach(column -> people.add(table.name() + "." + column.name()));
        }

        assertThat(people)
                .isNotEmpty()
                .noneMatch(name -> name.matches(".*(author|user|nickname|creator|avatar|red_id).*"));
    }
}
