package vault

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
)

// carryAll moves every compartment to a new epoch, without destroying anything.
func (k *Keyring) carryAll(ctx context.Context) error {
	return k.update(ctx, func(c *sqlite3.Conn) error {
		targets := map[id.ID]*epoch{}
		for _, r := range k.sorted() {
			e, err := k.nextEpoch(c, r)
			if err != nil {
				return err
			}
			targets[r.id] = e
		}
		_, err := k.carryOver(c, targets, nil)
		return err
	})
}
