package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate/mse"
	"example.org/amparo/fault"
	"example.org/amparo/internal/calibration"
	"example.org/amparo/internal/world"
)

type calibrateFlags struct {
	config     calibration.Config
	scenarios  []string
	thin       float64
	limits     []string
	workers    int
	checkpoint string
	markdown   string
}

func (c *cli) calibrateCmd() *cobra.Command {
	var f calibrateFlags
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: "count how often the truth lies in the intervals, in invented worlds",
		Long: `Invents worlds of which the truth is known, hears their testimonies with the errors real
ones have, links them, and asks for totals, durations and shares as the program does for
real records. It prints how often the truth lies in the 95 % interval, by method and
scenario, and how often and why there is no figure.

The same --worlds, --people and --seed give the same table, on any number of processors.
With --checkpoint each world is written to a file when it is done, and a run that was
stopped goes on where it was.`,
		Example: "  amparo calibrate --worlds 200 --seed 1 --checkpoint run.jsonl --json\n  amparo calibrate --worlds 10 --scenario independent",
		Args:    none,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.calibrate(cmd.Context(), f) },
	}
	p := cmd.Flags()
	p.IntVar(&f.config.Worlds, "worlds", 200, "worlds of each scenario")
	p.Uint64Var(&f.config.Seed, "seed", 1, "seed of all worlds")
	p.IntVar(&f.config.People, "people", 600, "people in a world")
	p.IntVar(&f.config.LinkageDraws, "linkage-draws", 3, "draws of who is who")
	p.StringSliceVar(&f.scenarios, "scenario", nil, "only these scenarios: "+strings.Join(scenarioNames(), ", "))
	p.Float64Var(&f.thin, "thin", 1, "multiply every chance of being listed by this, to see what few overlaps do")
	p.StringSliceVar(&f.limits, "limit", nil, "NAME=VALUE of a limit for refusals, as of amparo estimate mse")
	p.IntVar(&f.workers, "workers", runtime.NumCPU(), "worlds at a time")
	p.StringVar(&f.checkpoint, "checkpoint", "", "write each world to this file and go on from it")
	p.StringVar(&f.markdown, "markdown", "", "write the table to this file too")
	cmd.AddCommand(c.calibrateDurationsCmd())
	return cmd
}

func (c *cli) calibrateDurationsCmd() *cobra.Command {
	var people int
	var seed uint64
	cmd := &cobra.Command{
		Use:   "durations",
		Short: "show what is commonly reckoned from told durations, beside the truth",
		Long: `Invents the world of amparo demo with the same --people and --seed, and lays beside each
other the truth, the figure that is commonly reckoned from what people tell, and what the
program says.`,
		Example: "  amparo calibrate durations\n  amparo calibrate durations --people 3000 --seed 7 --json",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if people < 200 || people > 50_000 {
				return usage{fmt.Errorf("--people %d: choose 200 to 50000", people)}
			}
			d, err := calibration.Durations(cmd.Context(), people, seed)
			if err != nil {
				return err
			}
			if c.json {
				return c.print(d, nil)
			}
			return d.Markdown(c.Out)
		},
	}
	cmd.Flags().IntVar(&people, "people", 2000, "people in the invented world")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the world")
	return cmd
}

func scenarioNames() (names []string) {
	for _, s := range calibration.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

func (f calibrateFlags) filled() (calibration.Config, error) {
	for _, name := range f.scenarios {
		at := slices.IndexFunc(calibration.Scenarios(), func(s world.Capture) bool { return s.Name == name })
		if at < 0 {
			return f.config, usage{fmt.Errorf("there is no scenario %q; choose of %s", name, strings.Join(scenarioNames(), ", "))}
		}
		f.config.Scenarios = append(f.config.Scenarios, calibration.Scenarios()[at])
	}
	if !(f.thin > 0 && f.thin <= 1) {
		return f.config, usage{fmt.Errorf("--thin %g: give a number above 0 and at most 1", f.thin)}
	}
	if f.thin < 1 {
		if f.config.Scenarios == nil {
			f.config.Scenarios = calibration.Scenarios()
		}
		for _, s := range f.config.Scenarios { // each call of Scenarios makes them anew
			for _, k := range s.Classes {
				for j := range k.Chance {
					k.Chance[j] *= f.thin
				}
			}
		}
	}
	q := mseRequest{Limits: mse.DefaultLimits(), limits: f.limits}
	if err := q.setLimits(); err != nil {
		return f.config, usage{err}
	}
	f.config.Limits = q.Limits
	return f.config.Filled()
}

func (c *cli) calibrate(ctx context.Context, f calibrateFlags) error {
	cfg, err := f.filled()
	if err != nil {
		return err
	}
	start := time.Now()
	k, err := openCheckpoint(f.checkpoint, cfg)
	if err != nil {
		return err
	}
	progress := c.progress("calibrating")
	err = calibration.Run(ctx, cfg, f.workers, k.done, func(w calibration.World) error {
		if err := k.keep(w); err != nil {
			return err
		}
		if progress != nil {
			progress(len(k.worlds), cfg.Worlds*len(cfg.Scenarios))
		}
		return nil
	})
	if err = errors.Join(err, k.Close()); err != nil {
		return err
	}
	t, err := calibration.Tabulate(cfg, k.worlds)
	if err != nil {
		return err
	}
	if f.markdown != "" {
		if err := writeMarkdown(f.markdown, t); err != nil {
			return err
		}
	}
	return c.print(t, func() {
		if err := t.Markdown(c.Out); err == nil {
			cpu, _ := usageSoFar()
			c.line("\n%d worlds, %d of them now, in %.0f s (%.0f s of processor)", t.Worlds, len(k.worlds)-k.before, time.Since(start).Seconds(), cpu)
		}
	})
}

func writeMarkdown(file string, t calibration.Table) error {
	f, err := os.Create(file)
	if err != nil {
		return fault.New(fault.Storage, "calibrate", "the table cannot be written").From(err).With("check --markdown")
	}
	return errors.Join(t.Markdown(f), f.Close())
}

// checkpoint is the worlds that are done, kept in a file of a line a world after a line
// with the configuration. Without a file they are kept in memory only.
type checkpoint struct {
	f      *os.File
	worlds []calibration.World
	before int // worlds that were in the file already
	at     map[string]bool
}

type checkpointHead struct {
	Calibration int    `json:"calibration"` // version of the format
	Config      string `json:"config"`
}

func openCheckpoint(file string, cfg calibration.Config) (*checkpoint, error) {
	k := &checkpoint{at: map[string]bool{}}
	if file == "" {
		return k, nil
	}
	hash, err := cfg.Hash()
	if err != nil {
		return nil, err
	}
	if k.f, err = os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, fault.New(fault.Storage, "calibrate", "the checkpoint cannot be opened").From(err).With("check --checkpoint")
	}
	end, err := k.read(checkpointHead{1, hash})
	if err == nil && end == 0 {
		err = k.line(checkpointHead{1, hash})
	} else if err == nil { // what was half written when the run stopped is dropped
		err = errors.Join(k.f.Truncate(end), seekEnd(k.f))
	}
	if err != nil {
		return nil, errors.Join(err, k.f.Close())
	}
	k.before = len(k.worlds)
	return k, nil
}

func seekEnd(f *os.File) error {
	_, err := f.Seek(0, io.SeekEnd)
	return err
}

// read takes in the whole lines and returns where the last of them ends.
func (k *checkpoint) read(want checkpointHead) (int64, error) {
	end := int64(0)
	r := bufio.NewReader(k.f)
	for n := 0; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, fault.New(fault.Storage, "calibrate", "the checkpoint cannot be read").From(err).With("check --checkpoint")
		}
		if n == 0 {
			var head checkpointHead
			if err := json.Unmarshal(line, &head); err != nil || head != want {
				return end, fault.New(fault.Conflict, "calibrate", "the checkpoint is of another run").With("give the same flags as before, or another file")
			}
		} else {
			var w calibration.World
			if err := json.Unmarshal(line, &w); err != nil {
				return end, fault.New(fault.Corrupt, "calibrate", "line %d of the checkpoint cannot be read", n+1).With("remove the file and begin again")
			}
			k.add(w)
		}
		end += int64(len(line))
	}
}

func worldName(scenario string, number int) string { return fmt.Sprintf("%s %d", scenario, number) }

func (k *checkpoint) add(w calibration.World) {
	k.worlds = append(k.worlds, w)
	k.at[worldName(w.Scenario, w.Number)] = true
}

func (k *checkpoint) done(scenario string, number int) bool { return k.at[worldName(scenario, number)] }

func (k *checkpoint) keep(w calibration.World) error {
	k.worlds = append(k.worlds, w)
	if k.f == nil {
		return nil
	}
	return k.line(w)
}

func (k *checkpoint) line(v any) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = k.f.Write(append(b, '\n'))
	}
	if err != nil {
		return fault.New(fault.Storage, "calibrate", "the checkpoint cannot be written").From(err).With("check the disk, then run the command again: it goes on")
	}
	return nil
}

// Close closes the file, if there is one.
func (k *checkpoint) Close() error {
	if k.f == nil {
		return nil
	}
	return k.f.Close()
}
