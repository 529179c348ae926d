package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResponseSpoolTests extends LedgerFixture {

    @Test
    void filesOfErasedNotesAreDeletedAndNoOthers() throws Exception {
        NoteId other = new NoteId("66aa0000000000000000000f");
        keep(ID);
        keep(other);

        assertThat(spool.remove(List.of(ID))).isEqualTo(1);
        assertThat(spool.remove(List.of(ID))).isZero();

        assertThat(spooledFiles()).hasSize(1);
    }

    @Test
    void partialFilesOfErasedNotesAreDeleted() throws Exception {
        Path file = keep(ID);
        Path half = file.resolveSibling(file.getFileName() + ".part");
        Files.move(file, half);
        assertThat(spooledFiles()).as("persisted").isEmpty();

        spool.remove(List.of(ID));

        assertThat(half).doesNotExist();
    }

    @Test
    void spooledFileIsReadableByItsOwnerOnly() throws Exception {
        Path file = keep(ID);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(file.getParent()).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void fileWithAnUnknownEndpointIsRejected() throws Exception {
        Path file = keep(ID);
        assertThat(ResponseSpool.read(file).call().endpoint()).isEqualTo(Endpoint.DETAIL);

        String text = Files.readString(file);
        assertThat(text).contains("\"endpoint\":\"note-detail/v1\"");
        Files.writeString(file, text.replace("note-detail/v1", "note-detail/v99"));

        assertThatThrownBy(() -> ResponseSpool.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not identify a call");
    }

    private Path keep(NoteId note) throws IOException {
        return spool.write(
                new ReceivedResponse(sent(note, Endpoint.DETAIL, NOW, false), PAID, BODY, NOW, Duration.ZERO));
    }

    private List<Path> spooledFiles() {
        try {
            return spool.spooledFiles();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
