-- A new note brings some 400 keys into the index of search. One by one they cost its writer more than all else that is
-- written of it, and several times the WAL of the rest. In the index's own list of what is to be merged they cost little;
-- each time that list is longer than this, in kB, one note waits until it is merged, the others go on. Searches read the
-- list, too, which in this size cannot be measured (src/docs/questions.md).
ALTER INDEX note_search SET (fastupdate = on, gin_pending_list_limit = 4096);
