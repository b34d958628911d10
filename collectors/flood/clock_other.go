//go:build !unix

package flood

import "time"

func spent() time.Duration { return time.Duration(time.Now().UnixNano()) } //nolint:forbidigo // a test measures real time
