package io.github.notearchive.publish;

import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.inmemory.InMemoryFileIO;
import org.apache.iceberg.inmemory.InMemoryInputFile;
import org.apache.iceberg.io.InputFile;

/**
 * Metadata files of Iceberg as objects of the archive's bucket, by locations {@code s3://<bucket>/<key>}. They are read
 * and written as a whole, since they are small; data files are written without Iceberg.
 */
final class ObjectFiles extends InMemoryFileIO {

    final ObjectStore store;

    ObjectFiles(ObjectStore store) {
        this.store = store;
    }

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
        try {
            return new InMemoryInputFile(path, store.read(key(path)));
        } catch (StoreException e) {
            throw e.absent() ? new NotFoundException(e, "%s does not exist", path) : e;
        }
    }

    @Override
    public void addFile(String path, byte[] contents) {
        store.putBytes(key(path), contents, "application/octet-stream");
    }

    /** Names of metadata files are unique, so there is none to overwrite. */
    @Override
    public boolean fileExists(String path) {
        return false;
    }

    @Override
    public void deleteFile(String path) {
        store.remove(key(path).value());
    }
}
