package outfile

import (
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes a file that appears whole or not at all, with a mode of its own.
func Replace(path string, data []byte, mode fs.FileMode) error {
	return replace(path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// modeOf is who may read and write a file, 0 where there is none: a report that only its
// owner could read stays so.
func modeOf(path string) fs.FileMode {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Mode().Perm()
}

// replace writes a file that appears whole or not at all. A mode of 0 is that of any new
// file, which the user's umask decides.
func replace(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	f, err := beside(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name()) //nolint:errcheck,gosec // the first error is the one to tell
		}
	}()
	if mode != 0 { // before anything is in it that not everybody may read
		err = f.Chmod(mode)
	}
	if err == nil {
		err = write(f)
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// beside makes a new file in the folder of another. os.CreateTemp would give it a mode
// that leaves the umask out, and a longer name than a file may have.
func beside(path string) (*os.File, error) {
	const longest, random = 200, 10
	base := filepath.Base(path)
	name := "." + base[:min(len(base), longest)] + "." + rand.Text()[:random]
	return os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666) //nolint:gosec // the umask takes from it what the user wants
}
