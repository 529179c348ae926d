package io.github.notearchive.publish;

import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Metadata files of Iceberg as objects of the archive's bucket, by locations {@code s3://<bucket>/<key>}. They are read
 * and written as a whole, since they are small; data files are written without Iceberg.
 */
record ObjectFiles(ObjectStore store) implements FileIO {

    private static final String CONTENT_TYPE = "application/octet-stream";

    String location(String key) {
        return "s3://%s/%s".formatted(store.bucket(), key);
    }

    ObjectKey key(String location) {
        String root = location("");
        if (!location.startsWith(root)) {
            throw new NotFoundException("%s is in another bucket than %s", location, root);
        }
        return new ObjectKey(location.substring(root.length()));
    }

    @Override
    public InputFile newInputFile(String path) {
        return new Input(this, path);
    }

    @Override
    public OutputFile newOutputFile(String path) {
        return new Output(this, path);
    }

    @Override
    public void deleteFile(String path) {
        store.remove(key(path).value());
    }

    @Override
    public Map<String, String> properties() {
        return Map.of();
    }

    private static final class Input implements InputFile {

        private final ObjectFiles files;
        private final String location;
        private @Nullable InMemoryInputFile content;

        Input(ObjectFiles files, String location) {
            this.files = files;
            this.location = location;
        }

        @Override
        public String location() {
            return location;
        }

        private InMemoryInputFile read() {
            try {
                content = content == null
                        ? new InMemoryInputFile(location, files.store.read(files.key(location)))
                        : content;
                return content;
            } catch (StoreException e) {
                throw e.absent() ? new NotFoundException(e, "%s does not exist", location) : e;
            }
        }

        @Override
        public long getLength() {
            return read().getLength();
        }

        @Override
        public SeekableInputStream newStream() {
            return read().newStream();
        }

        @Override
        public boolean exists() {
            return files.store.stat(files.key(location)).isPresent();
        }
    }

    private record Output(ObjectFiles files, String location) implements OutputFile {

        @Override
        public PositionOutputStream create() {
            return new Upload(files.store, files.key(location));
        }

        /** Names of metadata files are unique, so there is none to overwrite. */
        @Override
        public PositionOutputStream createOrOverwrite() {
            return create();
        }

        @Override
        public InputFile toInputFile() {
            return files.newInputFile(location);
        }
    }

    /** Bytes that become an object when the stream is closed. */
    private static final class Upload extends PositionOutputStream {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final ObjectStore store;
        private final ObjectKey key;
        private boolean isClosed;

        Upload(ObjectStore store, ObjectKey key) {
            this.store = store;
            this.key = key;
        }

        @Override
        public long getPos() {
            return bytes.size();
        }

        @Override
        public void write(int value) {
            bytes.write(value);
        }

        @Override
        public void write(byte[] source, int offset, int length) {
            bytes.write(source, offset, length);
        }

        @Override
        public void close() {
            if (!isClosed) {
                isClosed = true;
                store.putBytes(key, bytes.toByteArray(), CONTENT_TYPE);
            }
        }
    }
}
